/**
 * Brings exported events back into a store as they were: the same ids, times, sequences, versions and hashes.
 *
 * Each event passes the rules of an append, and is encoded from its fields on top of what is there; that its hash
 * comes out the same proves that nothing of it, nor of anything before it in its consultation, is different.
 */
import type { AppendKey } from '../domain/append-key.js';
import type { ConsultationHead } from '../domain/consultation-head.js';
import { assert, CodedError } from '../domain/errors.js';
import type { JsonObject } from '../domain/event.js';
import type { EventType } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import { hexOfLatin1 } from '../domain/stored-event.js';
import type { CommitLog } from '../log/commit-log.js';
import { type PlanContext, type PlannedEvent, type PlanRequest, planAppend } from './append-plan.js';
import type { EventFinder } from './event-finder.js';
import type { Appended } from './event-store.js';

/** An event as it was exported; its fields are valid. */
export interface EventToRestore {
  eventId: string;
  consultationId: string;
  sessionId: string;
  sequence: number;
  version: number;
  timestampMs: number;
  type: EventType;
  payload: JsonObject;
  userId: string;
  source: string;
  timezone: string;
  /** What it keeps of an Idempotency-Key. */
  key: AppendKey | undefined;
  /** Lower-case hex, as both hashes. */
  auditHash: string;
  hash: string;
}

/** What became of events that were to be restored; counted as it goes, so that it also holds after a failure. */
export interface Restored {
  written: number;
  /** There already, the same. */
  present: number;
}

export interface RestoreParts {
  log: CommitLog;
  finder: EventFinder;
  planContext: PlanContext;
  /** Hands events to the log at once, and resolves when they are durable. */
  commit: (
    request: PlanRequest,
    expectedVersion: number,
    planned: readonly PlannedEvent[],
  ) => Promise<Appended>;
  indexCaughtUp: () => Promise<void>;
}

/**
 * Stores the events that are not there yet and resolves once they are durable. Their sequences must be gapless
 * and go on from what is there; nobody else may append meanwhile. At most `limits.batchEventsMax` events, and
 * not more bytes than the queue of the log may hold.
 *
 * IMPORT_CONFLICT, with the `sequence` at fault, for an event that is not the next one or not the same; otherwise
 * what an append rejects with. The events before it are then stored. Adds to `restored` what it did.
 */
export async function restoreEvents(
  parts: RestoreParts,
  events: readonly EventToRestore[],
  restored: Restored,
): Promise<void> {
  const { log, finder, indexCaughtUp } = parts;
  if (finder.recent.size + events.length > limits.unindexedEventsMax) await indexCaughtUp();
  const commits: Promise<void>[] = [];
  let nextSequence = log.headSequence + 1;
  try {
    for (const event of events) {
      if (event.sequence < nextSequence) {
        checkPresent(parts, event, nextSequence - 1);
        restored.present += 1;
        continue;
      }
      if (event.sequence > nextSequence) throw missingBefore(event, nextSequence - 1);
      commits.push(commitOne(parts, event));
      nextSequence += 1;
    }
  } finally {
    // What was handed in before an event that is refused is stored, or says itself why not.
    await Promise.all(commits);
    restored.written += commits.length;
  }
}

/** Hands one event in, in this turn of the event loop, so that the log keeps the order of the calls. */
function commitOne(parts: RestoreParts, event: EventToRestore): Promise<void> {
  const { finder } = parts;
  if (finder.locate(event.eventId) !== undefined) {
    throw conflict(event, 'its event_id belongs to an event before it');
  }
  const head = finder.acceptedHead(event.consultationId);
  const { consultationId, sessionId, userId, source, timezone, eventId, type, payload } = event;
  const request: PlanRequest = {
    consultationId,
    sessionId,
    userId,
    source,
    timezone,
    events: [{ type, payload, eventId }],
    key: event.key,
  };
  const planned = plan(parts, event, head, request);
  const result = planned[0] as PlannedEvent;
  if (result.head.version !== event.version) {
    throw conflict(event, `its version would be ${result.head.version}, not ${event.version}`);
  }
  if (result.auditHash !== event.auditHash)
    throw conflict(event, 'its audit_hash is not that of its payload');
  if (result.hash !== event.hash) {
    throw conflict(
      event,
      'its hash is not that of its fields and of the event before it in its consultation',
    );
  }
  return parts.commit(request, head?.version ?? 0, planned).then(({ events }) => {
    assert(events[0]?.sequence === event.sequence, 'nobody else appends during a restore');
  });
}

/** The rules are those of an append, since whoever reads the events relies on them. */
function plan(
  { planContext }: RestoreParts,
  event: EventToRestore,
  head: ConsultationHead | undefined,
  request: PlanRequest,
): PlannedEvent[] {
  try {
    return planAppend({ ...planContext, clock: () => event.timestampMs }, head, request);
  } catch (error) {
    if (error instanceof CodedError) throw conflict(event, `${error.code}: ${error.message}`);
    throw error;
  }
}

/** An event that should be there is: with the same hash, so the same to the last byte. */
function checkPresent({ finder }: RestoreParts, event: EventToRestore, headSequence: number): void {
  const place = finder.locate(event.eventId);
  const entry = place && finder.entries(place.consultationId, place.version, place.version)[0];
  if (entry?.sequence === event.sequence && hexOfLatin1(entry.hash) === event.hash) return;
  throw conflict(
    event,
    `the store has ${headSequence} events, and another one at this place; use an empty --data-dir`,
  );
}

function missingBefore(event: EventToRestore, headSequence: number): CodedError {
  const what = `the store ends with event ${headSequence}, so that events are missing before this one; only an export of all events can be imported, from its first event on`;
  return conflict(event, what);
}

function conflict({ sequence }: EventToRestore, what: string): CodedError {
  return new CodedError('IMPORT_CONFLICT', `event ${sequence} cannot be restored: ${what}`, {
    extensions: { sequence },
  });
}
