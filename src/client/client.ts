/**
 * A typed client of the service for browsers and Node: it needs nothing but fetch and what comes with it.
 *
 * Reads and writes are tried again when there was no answer or the service is busy; a write has an Idempotency-Key
 * that is made once, so that nothing is stored twice. What is refused is thrown as a ConsultError.
 */
import { type AppendStreamOptions, appendStream } from './append-stream.js';
import { type FollowOptions, follow } from './follow.js';
import { type CallOptions, type ClientOptions, Transport } from './transport.js';
import type {
  Appended,
  AppendedBatch,
  AppendedLine,
  ConsultationEvent,
  ConsultationFilter,
  ConsultationState,
  ConsultationSummary,
  Created,
  Difference,
  EventType,
  NewConsultation,
  NewEvent,
  SoapView,
  Verified,
} from './types.js';
import { uuidV7 } from './uuid.js';

export { commitHash } from './commit-hash.js';
export { type ClientErrorCode, ConsultError } from './consult-error.js';
export type * from './types.js';
export type { AppendStreamOptions, CallOptions, ClientOptions, FollowOptions };

export interface WriteOptions extends CallOptions {
  /** Kept by a caller that may itself start anew before it has the answer; made for each call otherwise. */
  idempotencyKey?: string;
}
export interface AppendOptions extends WriteOptions {
  /** Append only if the consultation is at this version; otherwise WRONG_EXPECTED_VERSION. */
  ifVersion?: number;
}
/** A consultation as it was, at a version or at an instant (RFC 3339); as it is without either. */
export interface AsOfOptions extends CallOptions {
  atVersion?: number;
  at?: string;
}
export interface StateOptions extends AsOfOptions {
  /** The version that the caller has: the answer is `undefined` if it is still that. */
  ifNoneMatch?: number;
}
export interface EventsOptions extends AsOfOptions {
  fromVersion?: number;
  eventTypes?: readonly EventType[];
}
export interface DifferenceOptions extends CallOptions {
  fromVersion: number;
  /** The newest unless given. */
  toVersion?: number;
}

export type ConsultClient = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const transport = new Transport(options);
  return {
    /** Starts a consultation. */
    createConsultation: (consultation: NewConsultation, call: WriteOptions = {}): Promise<Created> =>
      post('/consultations', consultation, call),

    /** Appends an event; resolves when it is durable. */
    append: (id: string, event: NewEvent, call: AppendOptions = {}): Promise<Appended> =>
      post(`${pathOf(id)}/events`, event, call),

    /** Appends up to 250 events, all or none. */
    appendBatch: (
      id: string,
      events: readonly NewEvent[],
      call: AppendOptions = {},
    ): Promise<AppendedBatch> => post(`${pathOf(id)}/events/batch`, events, call),

    /** Appends events as they come, in order; gives the answer to each (append-stream.ts). */
    appendStream: (
      id: string,
      events: AsyncIterable<NewEvent> | Iterable<NewEvent>,
      call?: AppendStreamOptions,
    ): AsyncGenerator<AppendedLine> => appendStream(transport, id, events, call),

    /** The state; `undefined` only if `ifNoneMatch` is its version. */
    state: async <O extends StateOptions>(id: string, call?: O): Promise<State<O>> => {
      const { ifNoneMatch, ...asOf }: StateOptions = call ?? {};
      const headers = { 'if-none-match': ifNoneMatch === undefined ? undefined : `"${ifNoneMatch}"` };
      const answer = await get<{ consultation: ConsultationState } | undefined>(
        pathOf(id),
        asOf,
        {},
        headers,
      );
      return answer?.consultation as State<O>;
    },

    /** The note, and whether it may be committed. */
    soap: (id: string, call: AsOfOptions = {}): Promise<SoapView> => get(`${pathOf(id)}/soap`, call),

    /** What changed between two versions. */
    difference: (id: string, { fromVersion, toVersion, ...call }: DifferenceOptions): Promise<Difference> =>
      get(`${pathOf(id)}/difference`, call, { from_version: fromVersion, to_version: toVersion }),

    /** Whether the consultation is stored as it was acknowledged. */
    verify: (id: string, call: CallOptions = {}): Promise<Verified> => get(`${pathOf(id)}/verify`, call),

    /** One event by its version. */
    event: (id: string, version: number, call: CallOptions = {}): Promise<ConsultationEvent> =>
      get(`${pathOf(id)}/events/${version}`, call),

    /** The events of a consultation up to the newest, read page by page. */
    events: async function* (id: string, call: EventsOptions = {}): AsyncGenerator<ConsultationEvent> {
      const { fromVersion = 1, eventTypes = [], ...asOf } = call;
      for (let from = fromVersion; ; ) {
        const query = { from_version: from, limit: PAGE_EVENTS, event_type: eventTypes };
        const { events } = await get<{ events: ConsultationEvent[] }>(`${pathOf(id)}/events`, asOf, query);
        const last = events.at(-1);
        if (last === undefined) return;
        yield* events;
        from = last.version + 1;
      }
    },

    /** The consultations that match, newest start first, read page by page. */
    consultations: async function* (
      filter: ConsultationFilter = {},
      call: CallOptions = {},
    ): AsyncGenerator<ConsultationSummary> {
      let cursor: string | undefined;
      do {
        const page = await get<{ consultations: ConsultationSummary[]; next_cursor: string | null }>(
          '/consultations',
          call,
          { ...filter, limit: PAGE_CONSULTATIONS, cursor },
        );
        yield* page.consultations;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    },

    /** Every event that there is and that comes, once and in order (follow.ts). */
    follow: (call: FollowOptions = {}): AsyncGenerator<ConsultationEvent, never, undefined> =>
      follow(transport, call),
  };

  function post<T>(
    path: string,
    body: unknown,
    { ifVersion, idempotencyKey, ...call }: AppendOptions,
  ): Promise<T> {
    return transport.json(path, {
      ...call,
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey ?? uuidV7(),
        'if-match': ifVersion === undefined ? undefined : `"${ifVersion}"`,
      },
    });
  }

  function get<T>(
    path: string,
    { atVersion, at, ...call }: AsOfOptions,
    query: Readonly<Record<string, string | number | undefined | readonly string[]>> = {},
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<T> {
    return transport.json(path, { ...call, headers, query: { ...query, at_version: atVersion, at } });
  }
}

type State<O> = ConsultationState | (O extends { ifNoneMatch: number } ? undefined : never);

const PAGE_EVENTS = 500;
const PAGE_CONSULTATIONS = 100;

function pathOf(id: string): string {
  return `/consultations/${encodeURIComponent(id)}`;
}
