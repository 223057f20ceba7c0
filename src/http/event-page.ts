/** Pages of a consultation's events, and where a stream of them starts. */
import type { Static } from 'typebox';
import { CodedError } from '../domain/errors.js';
import type { EventType } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import type { EventStore, EventsPage, FollowQuery } from '../store/event-store.js';
import { asOfIn } from './as-of.js';
import type { EventsQuery } from './schemas.js';
import { eventTypesOf } from './serve-stream.js';

type Query = Static<typeof EventsQuery>;

/** A page as a query asks for it. `offset` is that of its first event among all, or among those of its types. */
export async function eventPage(
  store: Pick<EventStore, 'events' | 'follow'>,
  consultationId: string,
  query: Query,
): Promise<EventsPage & { offset: number }> {
  const { limit = limits.pageEventsDefault, offset = 0, from_version: version } = query;
  refuseBoth(query);
  const [eventType, ...others] = eventTypesOf(query);
  if (version === undefined && others.length === 0) {
    const one = { consultationId, offset, limit, ...asOfIn(query) };
    return { ...(await store.events({ ...one, ...(eventType !== undefined && { eventType }) })), offset };
  }
  const { eventCount } = await store.events({ consultationId, offset: 0, limit: 1, ...asOfIn(query) });
  const eventsJson = await gatherEvents(store, {
    consultationId,
    eventTypes: eventTypesOf(query),
    ...(version === undefined ? { offset } : { from: { version } }),
    limit,
    versionMax: eventCount,
  });
  return { eventCount, eventsJson, offset: version === undefined ? offset : version - 1 };
}

/** Where a stream starts. An `offset` of all events is a version. */
export function streamStart(query: Query): Pick<FollowQuery, 'from'> {
  const { offset, from_version: version } = query;
  refuseBoth(query);
  if (query.at_version !== undefined || query.at !== undefined) {
    throw new CodedError('BAD_REQUEST', 'A stream ends with what is now: at_version and at are for pages.');
  }
  if (version !== undefined) return { from: { version } };
  if (offset === undefined) return {};
  if (query.event_type === undefined) return { from: { version: offset + 1 } };
  throw new CodedError('BAD_REQUEST', 'A stream of some types starts at from_version: offset is for pages.');
}

function refuseBoth({ offset, from_version: version }: Query): void {
  if (offset === undefined || version === undefined) return;
  throw new CodedError('BAD_REQUEST', 'Send offset or from_version: both say where to start.');
}

export interface PageQuery extends Pick<FollowQuery, 'consultationId' | 'from'> {
  eventTypes: readonly EventType[];
  /** Events to pass over of those that are wanted. */
  offset?: number;
  limit: number;
  /** Of one consultation: no event after this version. */
  versionMax?: number;
}

/** The events as JSON texts. Errors are those of `follow`. */
export async function gatherEvents(
  store: Pick<EventStore, 'follow'>,
  { offset = 0, limit, versionMax = Number.POSITIVE_INFINITY, ...query }: PageQuery,
): Promise<string[]> {
  const page: string[] = [];
  let toPass = offset;
  for await (const { events } of await store.follow({ ...query, endsAtHead: true })) {
    const passed = Math.min(toPass, events.length);
    toPass -= passed;
    for (const { json, version } of events.slice(passed)) {
      if (page.length === limit || version > versionMax) return page;
      page.push(json);
    }
  }
  return page;
}
