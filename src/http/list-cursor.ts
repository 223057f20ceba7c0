/**
 * Cursors of the list of consultations: a place in it, and what the list was asked for, so that a cursor cannot go on
 * in another list by mistake. They are no secret and grant nothing: a forged one is a place like any other.
 *
 *   offset  size  field, in base64url
 *        0     1  version of this form, 1
 *        1     8  first bytes of the SHA-256 of the filter
 *        9     6  time of the place, milliseconds since 1970, big-endian
 *       15    16  consultation id of the place
 */
import { hash } from 'node:crypto';
import type { ListFilter, ListPlace } from '../domain/consultation-list.js';
import { CodedError } from '../domain/errors.js';
import { isUuidV7, readUuid, writeUuid } from '../domain/uuid.js';

const CURSOR_VERSION = 1;
const FILTER_BYTES = 8;
const TIME_AT = 1 + FILTER_BYTES;
const ID_AT = TIME_AT + 6;
const CURSOR_BYTES = ID_AT + 16;
const TEXT = /^[A-Za-z0-9_-]{42}$/;

/** The cursor that goes on after a place in the list of a filter. */
export function cursorOf(filter: ListFilter, { createdMs, consultationId }: ListPlace): string {
  const bytes = Buffer.allocUnsafe(CURSOR_BYTES);
  bytes[0] = CURSOR_VERSION;
  bytes.set(filterDigest(filter), 1);
  bytes.writeUIntBE(createdMs, TIME_AT, 6);
  writeUuid(consultationId, bytes, ID_AT);
  return bytes.toString('base64url');
}

/** The place that a cursor goes on after. INVALID_CURSOR if it is none, or of the list of another filter. */
export function placeOf(cursor: string, filter: ListFilter): ListPlace {
  const bytes = TEXT.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== CURSOR_BYTES || bytes[0] !== CURSOR_VERSION)
    throw invalid('is no cursor of this list');
  const consultationId = readUuid(bytes, ID_AT);
  if (!isUuidV7(consultationId)) throw invalid('is no cursor of this list');
  if (!filterDigest(filter).equals(bytes.subarray(1, TIME_AT))) {
    throw invalid('belongs to a list with other filters');
  }
  return { createdMs: bytes.readUIntBE(TIME_AT, 6), consultationId };
}

function filterDigest({ userId, status, urgency, fromMs, toMs }: ListFilter): Buffer {
  // What is not asked for has a place of its own: no urgency asked for is not the urgency null.
  const asked = [
    [userId ?? []],
    [status ?? []],
    urgency === undefined ? [] : [urgency],
    [fromMs ?? [], toMs ?? []],
  ];
  return hash('sha256', JSON.stringify(asked), 'buffer').subarray(0, FILTER_BYTES);
}

function invalid(message: string): CodedError {
  return new CodedError(
    'INVALID_CURSOR',
    'The cursor does not belong to this list. Send next_cursor as it was answered, with the same filters; or leave it out to begin anew.',
    { errors: [{ path: '/cursor', message }] },
  );
}
