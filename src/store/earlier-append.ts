/**
 * Whether an append was made before, and its first answer: a client that got none asks again, and nothing is stored
 * twice.
 */
import { canonicalJson } from '../domain/canonical-json.js';
import { CodedError } from '../domain/errors.js';
import { hexOfLatin1, LinkView, sha256Hex } from '../domain/stored-event.js';
import { atItem, isSameEvent, type PlanRequest } from './append-plan.js';
import type { EventFinder } from './event-finder.js';
import type { AppendedEvent } from './event-store.js';

/** Where the events of an earlier append are: from this version on. */
export interface EarlierAppend {
  consultationId: string;
  version: number;
  /** How many it had, if it was found by its key. */
  events?: number;
}

/** An event as it is stored, and as it was answered. */
export interface StoredEvent {
  view: LinkView;
  event: AppendedEvent;
}

/** Where the first of these events is, if they were appended before; EVENT_ID_REUSED if only some of them were. */
export function findEarlierAppend(finder: EventFinder, { events }: PlanRequest): EarlierAppend | undefined {
  const first = events[0];
  if (events.length === 1) return first?.eventId === undefined ? undefined : finder.locate(first.eventId);
  const ids = new Set<string>();
  const located = events.map(({ eventId }) => (eventId === undefined ? undefined : finder.locate(eventId)));
  const fault = events.findIndex(({ eventId }, item) => {
    const isTwice = eventId !== undefined && ids.has(eventId);
    if (eventId !== undefined) ids.add(eventId);
    return isTwice || located[item] !== undefined;
  });
  if (fault < 0) return undefined;
  if (located.every((place) => place !== undefined)) return located[0];
  throw reusedEventId(events.length, fault);
}

/**
 * The answer to an earlier append again; IDEMPOTENCY_KEY_REUSED or EVENT_ID_REUSED, by what it was found with, if what
 * was appended then was something else.
 */
export async function answerAgain(
  finder: EventFinder,
  { consultationId, userId, events }: PlanRequest,
  earlier: EarlierAppend,
): Promise<AppendedEvent[]> {
  if (earlier.consultationId !== consultationId) throw reusedEventId(events.length, 0);
  const toVersion = earlier.version + events.length - 1;
  const stored = await storedEvents(finder, consultationId, earlier.version, toVersion);
  const isKeyed = earlier.events !== undefined;
  if (isKeyed && earlier.events !== events.length) throw reusedKey();
  const different = events.findIndex((event, item) => {
    const before = stored[item];
    if (before === undefined) return true;
    // With a key, a client that had its ids made by the service has none to send again.
    const { eventId = isKeyed ? before.event.eventId : undefined } = event;
    if (before.event.eventId !== eventId) return true;
    const payload = event.prepared?.canonical ?? canonicalJson(event.payload);
    return !isSameEvent(before.view, event.type, event.userId ?? userId, payload);
  });
  if (different >= 0) throw isKeyed ? reusedKey() : reusedEventId(events.length, different);
  return stored.map(({ event }) => event);
}

/** The durable events of versions `fromVersion` to `toVersion`, as far as there are any. */
export async function storedEvents(
  finder: EventFinder,
  consultationId: string,
  fromVersion: number,
  toVersion: number,
): Promise<StoredEvent[]> {
  const entries = finder.entries(consultationId, fromVersion, toVersion);
  const links = await finder.links(consultationId, entries);
  return links.map(({ sequence, link }, index) => {
    const view = new LinkView(link);
    const event: AppendedEvent = {
      eventId: view.eventId,
      sequence,
      version: view.version,
      timestampMs: view.timestampMs,
      auditHash: sha256Hex(view.payload),
      hash: hexOfLatin1(entries[index]?.hash ?? ''),
    };
    return { view, event };
  });
}

export function reusedKey(): CodedError {
  return new CodedError(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key came with another request before. Use a new key for a new request.',
  );
}

/** Of several events the one at fault is named. */
function reusedEventId(eventCount: number, item: number): unknown {
  const error = new CodedError(
    'EVENT_ID_REUSED',
    'An event with this event_id exists and is another one. Use a new event_id for a new event.',
    { errors: [{ path: '/event_id', message: 'must be new, or name the same event again' }] },
  );
  return eventCount === 1 ? error : atItem(error, item);
}
