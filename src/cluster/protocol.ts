/**
 * What a worker and the store say to each other: the calls of the event store's port, by name, and a few more.
 *
 * Texts that are JSON already (states, payloads, events, entries of the audit trail) travel as the tail of a frame, so that
 * neither side puts them through JSON once more.
 */
import type { AccessEntry, AuditPage, AuditQuery } from '../domain/access-entry.js';
import { CodedError, ERROR_CODES, type FieldError } from '../domain/errors.js';
import type { EventType } from '../domain/event-types.js';
import type { FeedBatch } from '../domain/feed.js';
import type {
  Appended,
  AsOf,
  ConsultationCheck,
  ConsultationsPage,
  ConsultationsQuery,
  CreateCommand,
  Created,
  Difference,
  DifferenceQuery,
  Durability,
  EventsPage,
  EventsQuery,
  FollowQuery,
  StateText,
  StoreHealth,
} from '../store/event-store.js';
import type { SentAppend } from './append-call.js';

/** Changes with everything that a process of the version before would misunderstand. */
export const PROTOCOL = 1;

/**
 * `hello` is the first frame in each direction. A worker sends `call`, which is answered by `answer` or `failure`
 * with its id. The store sends `load` when it likes, and `ask`, which a worker answers by `told` with its id.
 */
export const KIND = { hello: 0, call: 1, answer: 2, failure: 3, load: 4, ask: 5, told: 6 } as const;

/** Of a worker. */
export interface WorkerHello {
  protocol: number;
  version: string;
  pid: number;
}

/** Of the store. */
export interface StoreHello {
  protocol: number;
  version: string;
  durability: Durability;
  load: StoreLoad;
}

/** How busy the store is, as far as a worker cannot know it by itself. */
export interface StoreLoad {
  /** How many workers are connected. */
  workers: number;
  /** As in ops/load.ts. */
  unindexed: number;
  unindexedMax: number;
}

/** What one step of a feed gives; `undefined` after its end. */
export type FeedStep = FeedBatch | undefined;

/**
 * The calls: what each is given and what it answers. A state is asked for as text only: to make that is what the store
 * does in pieces, and to read it is the worker's part.
 */
export interface Calls {
  create: [CreateCommand, Created];
  /** With a tail (append-call.ts). */
  append: [SentAppend, Appended];
  stateText: [{ consultationId: string; asOf?: AsOf }, StateText];
  difference: [DifferenceQuery, Difference];
  events: [EventsQuery, EventsPage];
  consultations: [ConsultationsQuery, ConsultationsPage];
  verify: [string, ConsultationCheck];
  owner: [string, string | undefined];
  recordAccess: [readonly AccessEntry[], undefined];
  audit: [AuditQuery, AuditPage];
  health: [null, StoreHealth];
  /** Answers the number of the feed for this connection. */
  follow: [FollowQuery, number];
  next: [number, FeedStep];
  return: [number, undefined];
  /** The figures of all processes (figures.ts). */
  figures: [null, unknown];
}

export type CallName = keyof Calls;
export type Asked<N extends CallName> = Calls[N][0];
export type Answered<N extends CallName> = Calls[N][1];

/** The calls that store something: of one whose answer was lost nobody knows what became of it. */
export const WRITES: ReadonlySet<CallName> = new Set<CallName>(['create', 'append', 'recordAccess']);

/** An answer as a frame has it. */
export interface Packed {
  json: string;
  tail?: Buffer;
}

type FeedHead = [sequence: number, version: number, consultationId: string, type: EventType];

/** The answers that have a tail. */
const PACKERS: { readonly [N in CallName]?: (answer: Answered<N>) => Packed } = {
  stateText: ({ version, json }) => ({ json: JSON.stringify(version), tail: json }),
  events: ({ eventCount, eventsJson }) => ({ json: JSON.stringify(eventCount), tail: tailOf(eventsJson) }),
  difference({ fromVersion, toVersion, patchJson, eventsJson }) {
    const json = JSON.stringify([fromVersion, toVersion, patchJson.length]);
    return { json, tail: tailOf([...patchJson, ...eventsJson]) };
  },
  audit: ({ entriesJson, ...rest }) => ({ json: JSON.stringify(rest), tail: tailOf(entriesJson) }),
  next(step) {
    if (step === undefined) return { json: 'null' };
    const heads = step.events.map(({ sequence, version, consultationId, type }): FeedHead => {
      return [sequence, version, consultationId, type];
    });
    const tail = tailOf(step.events.map(({ json }) => json));
    return { json: JSON.stringify([step.through, heads]), tail };
  },
};

const UNPACKERS: { readonly [N in CallName]?: (json: unknown, tail: Buffer) => Answered<N> } = {
  stateText: (version, json) => ({ version: version as number, json }),
  events: (eventCount, tail) => ({ eventCount: eventCount as number, eventsJson: textsOf(tail) }),
  difference(json, tail) {
    const [fromVersion, toVersion, operations] = json as [number, number, number];
    const texts = textsOf(tail);
    return {
      fromVersion,
      toVersion,
      patchJson: texts.slice(0, operations),
      eventsJson: texts.slice(operations),
    };
  },
  audit: (json, tail) => ({ ...(json as Omit<AuditPage, 'entriesJson'>), entriesJson: textsOf(tail) }),
  next(json, tail) {
    if (json === null) return undefined;
    const [through, heads] = json as [number, FeedHead[]];
    const texts = textsOf(tail);
    const events = heads.map(([sequence, version, consultationId, type], index) => {
      return { sequence, version, consultationId, type, json: texts[index] as string };
    });
    return { through, events };
  },
};

export function packAnswer<N extends CallName>(name: N, answer: Answered<N>): Packed {
  const pack = PACKERS[name] as ((answer: Answered<N>) => Packed) | undefined;
  return pack?.(answer) ?? { json: JSON.stringify(answer ?? null) };
}

export function unpackAnswer<N extends CallName>(name: N, json: unknown, tail: Buffer): Answered<N> {
  const unpack = UNPACKERS[name] as ((json: unknown, tail: Buffer) => Answered<N>) | undefined;
  if (unpack !== undefined) return unpack(json, tail);
  return (json === null ? undefined : json) as Answered<N>;
}

/** Texts of one line each, as lines. */
function tailOf(texts: readonly string[]): Buffer {
  return Buffer.from(texts.join('\n'));
}

function textsOf(tail: Buffer): string[] {
  return tail.length === 0 ? [] : tail.toString().split('\n');
}

interface Failure {
  code: string;
  message: string;
  errors?: FieldError[] | undefined;
  extensions?: Readonly<Record<string, string | number>> | undefined;
}

/** An error as JSON. What nobody foresaw stays in the log of the store. */
export function packFailure(error: unknown): string {
  const { code, message, errors, extensions } =
    error instanceof CodedError ? error : new CodedError('INTERNAL_ERROR', 'The store failed unforeseen.');
  return JSON.stringify({ code, message, errors, extensions } satisfies Failure);
}

export function unpackFailure(json: unknown): CodedError {
  const { code, message, errors, extensions } = json as Failure;
  const known = ERROR_CODES.find((one) => one === code) ?? 'INTERNAL_ERROR';
  return new CodedError(known, message, { ...(errors && { errors }), ...(extensions && { extensions }) });
}
