/** One consultation of an import: finds out how much of it is there, and writes the rest. */
import { limits } from '../domain/limits.js';
import type { EventToAppend } from '../store/event-store.js';
import type { ImportTarget } from './import-target.js';

/** A consultation to be written: its start is version 1, and `events[i]` is version `i + 2`. */
export interface ImportPlan {
  consultationId: string;
  startEventId: string;
  /** At least one; each has its derived id. */
  events: readonly IdentifiedEvent[];
}

export type IdentifiedEvent = EventToAppend & { eventId: string };

/** Events of an import so far. */
export interface EventCounts {
  eventsWritten: number;
  /** Events that were there already. */
  eventsPresent: number;
}

/**
 * Writes what is missing of a consultation, in order, and adds to `counts` as it goes. Resolves with true when
 * all of it is there, and with false when `signal` aborted: then it ended between two requests.
 */
export async function importConsultation(
  plan: ImportPlan,
  userId: string,
  target: ImportTarget,
  signal: AbortSignal,
  counts: EventCounts,
): Promise<boolean> {
  const { consultationId, startEventId } = plan;
  const count = (wasWritten: boolean, events: number): void => {
    if (wasWritten) counts.eventsWritten += events;
    else counts.eventsPresent += events;
  };
  if (signal.aborted) return false;
  const missing = await missingEvents(plan, target);
  count(false, plan.events.length - missing.events.length);
  count(missing.start && (await target.create(userId, consultationId, startEventId)), 1);
  for (const batch of batches(missing.events, target.appendEventsMax)) {
    if (signal.aborted) return false;
    count(await target.append(userId, consultationId, batch), batch.length);
  }
  return true;
}

interface MissingEvents {
  start: boolean;
  events: readonly IdentifiedEvent[];
}

/**
 * What the target lacks of a consultation. An import appends in order, so when the event with version n is ours,
 * all n before it are: one look, or two, tells how far it came. Where somebody else has written in between,
 * counts say nothing, and the ids of all events are compared.
 */
async function missingEvents(
  { consultationId, events }: ImportPlan,
  target: ImportTarget,
): Promise<MissingEvents> {
  const idOfVersion = (version: number): string | undefined => events[version - 2]?.eventId;
  const total = events.length + 1;
  const end = await target.stored(consultationId, total - 1, 1);
  if (end.eventCount === 0) return { start: true, events };
  if (end.eventIds[0] === idOfVersion(total)) return { start: false, events: [] };
  if (end.eventCount === 1) return { start: false, events };
  if (end.eventCount < total) {
    const last = await target.stored(consultationId, end.eventCount - 1, 1);
    if (last.eventIds[0] === idOfVersion(end.eventCount)) {
      return { start: false, events: events.slice(end.eventCount - 1) };
    }
  }
  const ids = await storedIds(consultationId, target);
  return { start: false, events: events.filter(({ eventId }) => !ids.has(eventId)) };
}

async function storedIds(consultationId: string, target: ImportTarget): Promise<Set<string>> {
  const ids = new Set<string>();
  let offset = 0;
  for (;;) {
    const page = await target.stored(consultationId, offset, limits.pageEventsDefault);
    for (const id of page.eventIds) ids.add(id);
    offset += page.eventIds.length;
    if (offset >= page.eventCount || page.eventIds.length === 0) return ids;
  }
}

/** Runs of events that one append may take, by number and by bytes; an event alone always makes a run. */
export function* batches(
  events: readonly IdentifiedEvent[],
  eventsMax: number,
): Generator<readonly IdentifiedEvent[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, event] of events.entries()) {
    const eventBytes = Buffer.byteLength(JSON.stringify(event.payload));
    const isFull = index - start === eventsMax || bytes + eventBytes > limits.bodyBytesMax;
    if (isFull && index > start) {
      yield events.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += eventBytes;
  }
  if (start < events.length) yield events.slice(start);
}
