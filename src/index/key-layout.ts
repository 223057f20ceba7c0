/**
 * The Idempotency-Keys that appends came with, for as long as they are known.
 *
 *   keys       digest (16)                          consultation id (16), version (4), events (2), time (6), sequence (6)
 *   key_times  time (6, BE), sequence (6, BE)       digest (16)
 *
 * Version, time and sequence are those of the append's first event, and `events` says how many it had. `key_times` has
 * what is to be forgotten first in front. A digest that was used again after it was forgotten is there once, with its
 * newest append; an older entry of `key_times` may then still name it, and says so by its sequence.
 */
import { KEY_DIGEST_BYTES } from '../domain/append-key.js';
import type { LinkView } from '../domain/stored-event.js';
import { readUuid } from '../domain/uuid.js';
import type { TableFormat } from './lmdb.js';

/** The append that came with a key. */
export interface KeyPlace {
  consultationId: string;
  /** Of its first event, as time and sequence. */
  version: number;
  events: number;
  timestampMs: number;
  sequence: number;
}

/** When a key was used. */
export interface KeyTime {
  timestampMs: number;
  sequence: number;
}

const NUMBER_BYTES = 6;
const PLACE_BYTES = 16 + 4 + 2 + NUMBER_BYTES + NUMBER_BYTES;

export const KEYS_TABLE: TableFormat<string, KeyPlace> = {
  name: 'keys',
  readKey: (source, start) => source.toString('latin1', start, start + KEY_DIGEST_BYTES),
  readValue: (source) => ({
    consultationId: readUuid(source, 0),
    version: source.readUInt32LE(16),
    events: source.readUInt16LE(20),
    timestampMs: source.readUIntLE(22, NUMBER_BYTES),
    sequence: source.readUIntLE(28, NUMBER_BYTES),
  }),
};

/** The values are copied, since they are used as keys. */
export const KEY_TIMES_TABLE: TableFormat<KeyTime, Buffer> = {
  name: 'key_times',
  readKey: (source, start) => ({
    timestampMs: source.readUIntBE(start, NUMBER_BYTES),
    sequence: source.readUIntBE(start + NUMBER_BYTES, NUMBER_BYTES),
  }),
  readValue: (source) => Buffer.from(source.subarray(0, KEY_DIGEST_BYTES)),
};

/** The place of the append that an event with a key begins. */
export function encodeKeyPlace(first: LinkView, sequence: number): Buffer {
  const value = Buffer.allocUnsafe(PLACE_BYTES);
  value.set(first.consultationIdBytes, 0);
  value.writeUInt32LE(first.version, 16);
  value.writeUInt16LE(first.keyEvents, 20);
  value.writeUIntLE(first.timestampMs, 22, NUMBER_BYTES);
  value.writeUIntLE(sequence, 28, NUMBER_BYTES);
  return value;
}

export function keyTimeKey({ timestampMs, sequence }: KeyTime): Buffer {
  const key = Buffer.allocUnsafe(2 * NUMBER_BYTES);
  key.writeUIntBE(timestampMs, 0, NUMBER_BYTES);
  key.writeUIntBE(sequence, NUMBER_BYTES, NUMBER_BYTES);
  return key;
}
