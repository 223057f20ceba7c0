/** What every route that appends events shares: how it answers one and how it fails. */
import type { ErrorCode } from '../domain/errors.js';
import { isoTime } from '../domain/iso-time.js';
import type { Appended, AppendedEvent } from '../store/event-store.js';
import { BODY_PROBLEMS, STORE_PROBLEMS } from './context.js';

export const APPEND_PROBLEMS: readonly ErrorCode[] = [
  ...BODY_PROBLEMS,
  'BAD_REQUEST',
  'UNKNOWN_EVENT_TYPE',
  'UNKNOWN_MESSAGE',
  'COMMIT_HASH_MISMATCH',
  'EVENT_ID_REUSED',
  'INVALID_IDEMPOTENCY_KEY',
  'IDEMPOTENCY_KEY_REUSED',
  'CONSULTATION_NOT_FOUND',
  'CONSULTATION_ALREADY_STARTED',
  'CONSULTATION_COMMITTED',
  'WRONG_EXPECTED_VERSION',
  ...STORE_PROBLEMS,
];

/** The answer to one event, alone or among others (schemas.ts, AppendedAnswer). */
export function appendedAnswer({ consultationId, durability }: Appended, event: AppendedEvent) {
  return {
    event_id: event.eventId,
    consultation_id: consultationId,
    // Versions are gapless from 1, so the event's version is the number of events with it.
    event_count: event.version,
    timestamp: isoTime(event.timestampMs),
    sequence: event.sequence,
    version: event.version,
    audit_hash: event.auditHash,
    hash: event.hash,
    durability,
  };
}
