/**
 * The keys that consultations are listed by: `listed` has all of them, `listed_by` those of each user.
 *
 *   listed     kind (1), start (22)
 *   listed_by  user (16), kind (1), start (22)
 *
 * - The *kind* is what a list is filtered by and what changes: urgency (0 none, 1 low, 2 medium, 3 high, 4 critical),
 *   plus 5 if it is committed. There are ten, so that any filter is a union of at most ten ranges of keys, and
 *   nothing is ever looked at that does not match.
 * - The *start* is the time of the first event, milliseconds since 1970 (6, big-endian), and the consultation id (16).
 *   Every bit of it is inverted, so that the order of the bytes is newest first. It never changes: a place in a list
 *   stays where it is while consultations come and go around it.
 * - The *user* is the first half of the SHA-256 of the user_id, which has any length. That two users share one is as
 *   likely as a broken hash.
 *
 * The values are empty: the rest is in `heads`.
 */
import { hash } from 'node:crypto';
import type { UrgencyLevel } from '../domain/consultation-head.js';
import type { ConsultationStatus, ListFilter, ListPlace } from '../domain/consultation-list.js';
import { readUuid, writeUuid } from '../domain/uuid.js';
import { URGENCIES } from './index-layout.js';
import type { TableFormat } from './lmdb.js';

const STATUSES: readonly ConsultationStatus[] = ['active', 'committed'];
const TIME_BYTES = 6;
const START_BYTES = TIME_BYTES + 16;
const USER_BYTES = 16;
const TIME_MAX = 2 ** 48 - 1;

const startTable = <Name extends string>(name: Name): TableFormat<ListPlace, undefined> => ({
  name,
  readKey: (source, _start, end) => readStart(source, end - START_BYTES),
  readValue: () => undefined,
});

export const LISTED_TABLE = startTable('listed');
export const LISTED_BY_TABLE = startTable('listed_by');

/** What a consultation of a status and an urgency is listed as. */
export function kindOf(status: ConsultationStatus, urgency: UrgencyLevel | null): number {
  return STATUSES.indexOf(status) * URGENCIES.length + URGENCIES.indexOf(urgency);
}

/** Every kind that a filter takes. */
export function kindsOf({ status, urgency }: ListFilter): number[] {
  const urgencies = urgency === undefined ? URGENCIES : [urgency];
  const statuses = status === undefined ? STATUSES : [status];
  return statuses.flatMap((one) => urgencies.map((other) => kindOf(one, other)));
}

export function userKey(userId: string): Buffer {
  return hash('sha256', userId, 'buffer').subarray(0, USER_BYTES);
}

export function listedKey(kind: number, place: ListPlace): Buffer {
  const key = Buffer.allocUnsafe(1 + START_BYTES);
  key[0] = kind;
  writeStart(key, 1, place);
  return key;
}

/** `user` is what `userKey` gives. */
export function listedByKey(user: Uint8Array, kind: number, place: ListPlace): Buffer {
  const key = Buffer.allocUnsafe(USER_BYTES + 1 + START_BYTES);
  key.set(user, 0);
  key[USER_BYTES] = kind;
  writeStart(key, USER_BYTES + 1, place);
  return key;
}

/** The keys of one kind that a list has after a place (none: from its beginning on): `start`, up to before `end`. */
export function keyRange(
  kind: number,
  { userId, fromMs = 0, toMs = TIME_MAX + 1 }: ListFilter,
  after: ListPlace | undefined,
): { start: Buffer; end: Buffer } {
  const prefix = Buffer.concat([userId === undefined ? Buffer.alloc(0) : userKey(userId), Buffer.of(kind)]);
  const isAfterTo = after !== undefined && after.createdMs < toMs;
  return {
    // A key that goes on is behind the one that it goes on from, and before all others.
    start: Buffer.concat([prefix, isAfterTo ? startAfter(after) : timeBytes(toMs - 1)]),
    end: Buffer.concat([prefix, timeBytes(fromMs), Buffer.alloc(START_BYTES, 0xff)]),
  };
}

function startAfter(place: ListPlace): Buffer {
  const bytes = Buffer.alloc(START_BYTES + 1);
  writeStart(bytes, 0, place);
  return bytes;
}

/** Times that no event has are brought to the nearest that one can have. */
function timeBytes(timeMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  bytes.writeUIntBE(TIME_MAX - Math.min(Math.max(timeMs, 0), TIME_MAX), 0, TIME_BYTES);
  return bytes;
}

function writeStart(target: Buffer, offset: number, { createdMs, consultationId }: ListPlace): void {
  target.writeUIntBE(TIME_MAX - createdMs, offset, TIME_BYTES);
  writeUuid(consultationId, target, offset + TIME_BYTES);
  for (let at = offset + TIME_BYTES; at < offset + START_BYTES; at += 1) target[at] = ~(target[at] as number);
}

function readStart(source: Buffer, offset: number): ListPlace {
  const id = Buffer.allocUnsafe(16);
  for (let at = 0; at < 16; at += 1) id[at] = ~(source[offset + TIME_BYTES + at] as number);
  return { createdMs: TIME_MAX - source.readUIntBE(offset, TIME_BYTES), consultationId: readUuid(id, 0) };
}
