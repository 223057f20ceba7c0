/**
 * One line of an export, as `fi-consult export` writes it, read back.
 *
 * The payload is read as strictly as a request's, by itself: an event may be as large as a request allows, and
 * here it has more fields around it. What JSON.parse would drop of the rest without a word, such as a key that is
 * there twice, cannot matter: the hash covers every field, and the store compares it.
 */
import { Compile } from 'typebox/compile';
import { CodedError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/event.js';
import { EVENT_TYPES, type EventType } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import { PAYLOAD_SCHEMAS } from '../domain/payload-schemas.js';
import { PLAIN_TEXT_PATTERN } from '../domain/plain-text.js';
import { Type } from '../domain/schema.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';
import { UUID_V7_PATTERN } from '../domain/uuid.js';
import type { EventToRestore } from '../store/restore-events.js';

const id = Type.String({ pattern: UUID_V7_PATTERN });
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const short = Type.String({ maxLength: 63, pattern: PLAIN_TEXT_PATTERN });
const exportedEvent = Type.Object({
  event_id: id,
  consultation_id: id,
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  version: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }),
  timestamp: Type.String(),
  event_type: Type.Enum(EVENT_TYPES as unknown as EventType[]),
  payload: Type.Unknown(),
  metadata: Type.Object({
    source: short,
    user_id: Type.String({ maxLength: limits.userIdCharsMax, pattern: PLAIN_TEXT_PATTERN }),
    session_id: id,
    timezone: short,
    idempotency: Type.Optional(
      Type.Object({
        digest: Type.String({ pattern: '^[0-9a-f]{32}$' }),
        events: Type.Integer({ minimum: 1, maximum: limits.batchEventsMax }),
      }),
    ),
  }),
  audit_hash: hash,
  hash,
});
const validator = Compile(exportedEvent);
const payloadValidators = new Map<EventType, { Check(value: unknown): boolean }>();

/** Whether a line is an event and not a consultation, judged by its fields alone. */
export function isEventLine(line: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(line.toString());
    const names = ['event_id', 'sequence', 'hash'];
    return typeof value === 'object' && value !== null && names.every((name) => name in value);
  } catch {
    return false;
  }
}

/** The event of a line, or undefined for a blank one. A CodedError says what is wrong with the line. */
export function eventOfLine(line: Buffer): EventToRestore | undefined {
  const text = decodeUtf8(line);
  if (text.trim() === '') return undefined;
  const value = parsed(text);
  if (!validator.Check(value)) {
    const errors = validator
      .Errors(value)
      .slice(0, limits.fieldErrorsMax)
      .map(({ instancePath, message }) => ({ path: instancePath, message }));
    throw new CodedError('VALIDATION_FAILED', 'not an event as "fi-consult export" writes it', { errors });
  }
  const { metadata } = value;
  return {
    eventId: value.event_id,
    consultationId: value.consultation_id,
    sessionId: metadata.session_id,
    sequence: value.sequence,
    version: value.version,
    timestampMs: timeOf(value.timestamp),
    type: value.event_type,
    payload: payloadOf(value.event_type, value.payload),
    userId: metadata.user_id,
    source: metadata.source,
    timezone: metadata.timezone,
    key: metadata.idempotency && {
      digest: Buffer.from(metadata.idempotency.digest, 'hex').toString('latin1'),
      events: metadata.idempotency.events,
    },
    auditHash: value.audit_hash,
    hash: value.hash,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodedError('INVALID_JSON', 'The line is not JSON.', { cause });
  }
}

function timeOf(timestamp: string): number {
  const timeMs = Date.parse(timestamp);
  if (timeMs >= 0 && new Date(timeMs).toISOString() === timestamp) return timeMs;
  throw new CodedError(
    'VALIDATION_FAILED',
    'timestamp is not a time in UTC such as 2026-01-31T09:30:00.000Z',
  );
}

function payloadOf(type: EventType, value: unknown): JsonObject {
  const payload: Json = parseStrictJson(JSON.stringify(value));
  const check = payloadValidators.get(type) ?? Compile(PAYLOAD_SCHEMAS[type]);
  payloadValidators.set(type, check);
  if (check.Check(payload)) return payload as JsonObject;
  throw new CodedError('VALIDATION_FAILED', `the payload is not one of ${type}`);
}
