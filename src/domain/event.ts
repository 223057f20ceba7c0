/** What an event is, as the API shows it. The stored form is in stored-event.ts. */
import type { EventType } from './event-types.js';

/** A JSON value, as RFC 8259 has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * Where an event came from. `session_id` is a UUIDv7, `timezone` an IANA name.
 *
 * The first event of an append that came with an Idempotency-Key has `idempotency`: the digest of the key in
 * lower-case hex (append-key.ts), and how many events the append had. Without it nobody could compute the `hash`.
 */
export interface EventMetadata {
  source: string;
  user_id: string;
  session_id: string;
  timezone: string;
  idempotency?: { digest: string; events: number };
}

/**
 * One event of a consultation.
 *
 * `sequence` counts all events of the store and `version` those of the consultation; both are gapless and
 * start at 1. `timestamp` is RFC 3339 UTC with milliseconds. `audit_hash` is the SHA-256 of the payload in
 * RFC 8785 form, `hash` that of the previous event's hash followed by this event as stored; both lower-case hex.
 */
export interface ConsultationEvent {
  event_id: string;
  consultation_id: string;
  sequence: number;
  version: number;
  timestamp: string;
  event_type: EventType;
  payload: JsonObject;
  metadata: EventMetadata;
  audit_hash: string;
  hash: string;
}

/** The part of an event that the state is made of. */
export type FoldedEvent = Pick<
  ConsultationEvent,
  'event_id' | 'consultation_id' | 'version' | 'timestamp' | 'event_type' | 'payload'
>;
