/**
 * A snapshot: the state of a consultation after one of its events, kept so that reading the state does not take
 * all of the events. There is at most one of each consultation, the newest that was worth keeping.
 *
 *   offset  size  field, little-endian
 *        0     4  CRC-32 of everything after it
 *        4     4  STATE_FORMAT (domain/fold.ts) that it was made with
 *        8     4  version of the event
 *       12     4  bytes of the patient stub
 *       16    32  hash of the event
 *       48     -  the patient stub as JSON, then the state as text (domain/state-text.ts)
 */
import { crc32 } from 'node:zlib';
import { STATE_FORMAT } from '../domain/fold.js';
import { HASH_BYTES } from '../domain/stored-event.js';
import { readUuid } from '../domain/uuid.js';
import type { TableFormat } from './lmdb.js';

/** The event that a state comes after; `hash` is latin1. */
export interface SnapshotPlace {
  version: number;
  hash: string;
}

export interface Snapshot extends SnapshotPlace {
  /** JSON. */
  patientStub: string;
  stateText: Buffer;
}

const HEADER_BYTES = 16 + HASH_BYTES;

export function encodeSnapshot({ version, hash, patientStub, stateText }: Snapshot): Buffer {
  const stub = Buffer.from(patientStub);
  const value = Buffer.allocUnsafe(HEADER_BYTES + stub.length + stateText.length);
  value.writeUInt32LE(STATE_FORMAT, 4);
  value.writeUInt32LE(version, 8);
  value.writeUInt32LE(stub.length, 12);
  value.write(hash, 16, 'latin1');
  value.set(stub, HEADER_BYTES);
  value.set(stateText, HEADER_BYTES + stub.length);
  value.writeUInt32LE(crc32(value.subarray(4)), 0);
  return value;
}

export function readSnapshotPlace(value: Buffer): SnapshotPlace {
  return { version: value.readUInt32LE(8), hash: value.toString('latin1', 16, HEADER_BYTES) };
}

/** The snapshot of a stored value, copied; `undefined` if it is of another format or not what was written. */
export function readSnapshot(value: Buffer): Snapshot | undefined {
  if (value.length < HEADER_BYTES || value.readUInt32LE(4) !== STATE_FORMAT) return undefined;
  // The end is named because lmdb gives a longer buffer with a length of its own.
  const { length } = value;
  if (crc32(value.subarray(4, length)) !== value.readUInt32LE(0)) return undefined;
  const stubEnd = HEADER_BYTES + value.readUInt32LE(12);
  return {
    ...readSnapshotPlace(value),
    patientStub: value.toString('utf8', HEADER_BYTES, stubEnd),
    stateText: Buffer.from(value.subarray(stubEnd, length)),
  };
}

export const SNAPSHOTS_TABLE: TableFormat<string, Snapshot | undefined> = {
  name: 'snapshots',
  readKey: readUuid,
  readValue: readSnapshot,
};
