/**
 * The layout of the index, format 4: nine sorted tables in one LMDB environment.
 *
 *   table      key                                          value
 *   meta       `format`, `applied` in ASCII                 a number (6)
 *   heads      consultation id (16)                         a head, below
 *   events     consultation id (16), version (4, BE)        sequence (6), event type code (1), hash (32)
 *   event_ids  event id (16)                                consultation id (16), version (4)
 *   snapshots  consultation id (16)                         a state (snapshot-layout.ts)
 *   listed     kind (1), start (22)                         nothing (listing-layout.ts)
 *   listed_by  user (16), kind (1), start (22)              nothing
 *   keys       digest (16)                                  an append (key-layout.ts)
 *   key_times  time (6), sequence (6)                       digest (16)
 *
 * Sizes are in bytes; numbers are little-endian except in keys, where big-endian makes byte order the order of
 * the numbers. `format` is this layout's version and `applied` the sequence of the newest event in the tables;
 * no `applied` means 0.
 *
 * A head:
 *
 *   offset  size  field
 *        0    16  session_id
 *       16    16  id of the newest event
 *       32    32  hash of the newest event
 *       64     6  time of the first event, milliseconds since 1970
 *       70     6  time of the newest event
 *       76     6  sequence of the newest event
 *       82     4  version
 *       86     4  version up to which messages are cleared
 *       90     1  1 if committed
 *       91     1  urgency: 0 none, 1 low, 2 medium, 3 high, 4 critical
 *       92     -  user_id in UTF-8, to the end
 *
 * Invariants, which each transaction keeps:
 * - The tables hold the events with sequences 1 to `applied`, and no others.
 * - A consultation with version n in `heads` has exactly the versions 1 to n in `events`, and each of these
 *   events has its place in `event_ids`. The head is what `advanceHead` makes of them.
 * - A consultation that is in `heads` is once in `listed` and once in `listed_by`, under the kind that its head
 *   says.
 * - A snapshot names an event that is in `events`, by its version and its hash; or it is not used.
 *
 * Nothing here is the truth: every byte can be made again from the events.
 */
import { copyBytes, setUint32, setUint48, writeLatin1 } from '../domain/bytes.js';
import type { ConsultationHead, UrgencyLevel } from '../domain/consultation-head.js';
import { HASH_BYTES } from '../domain/stored-event.js';
import { readUuid, writeUuid } from '../domain/uuid.js';
import type { TableFormat } from './lmdb.js';

/** The version of this layout. An index of another one is thrown away and rebuilt. */
export const INDEX_FORMAT = 4;

export const FORMAT_KEY = Buffer.from('format', 'latin1');
export const APPLIED_KEY = Buffer.from('applied', 'latin1');

/** Where an event is, and what it must hash to (latin1). */
export interface IndexEntry {
  version: number;
  sequence: number;
  typeCode: number;
  hash: string;
}

/** The consultation and version that an event id belongs to. */
export interface EventPlace {
  consultationId: string;
  version: number;
}

type StoredEntry = Omit<IndexEntry, 'version'>;
type StoredHead = Omit<ConsultationHead, 'consultationId'>;

const ID_BYTES = 16;
/** Bytes of a number in the table `meta`. */
export const NUMBER_BYTES = 6;
const HEAD_FIXED_BYTES = 92;
const ENTRY_BYTES = NUMBER_BYTES + 1 + HASH_BYTES;

export const URGENCIES: readonly (UrgencyLevel | null)[] = [null, 'low', 'medium', 'high', 'critical'];

export const META_TABLE: TableFormat<string, number> = {
  name: 'meta',
  readKey: (source, start, end) => source.toString('latin1', start, end),
  readValue: (source) => source.readUIntLE(0, NUMBER_BYTES),
};

export const HEADS_TABLE: TableFormat<string, StoredHead> = {
  name: 'heads',
  readKey: readUuid,
  readValue: readHead,
};

/** Its keys are read as the version alone: whoever scans knows the consultation. */
export const EVENTS_TABLE: TableFormat<number, StoredEntry> = {
  name: 'events',
  readKey: (source, start) => source.readUInt32BE(start + ID_BYTES),
  readValue: (source) => ({
    sequence: source.readUIntLE(0, NUMBER_BYTES),
    typeCode: source[NUMBER_BYTES] as number,
    hash: source.toString('latin1', NUMBER_BYTES + 1, ENTRY_BYTES),
  }),
};

export const EVENT_IDS_TABLE: TableFormat<string, EventPlace> = {
  name: 'event_ids',
  readKey: readUuid,
  readValue: (source) => ({
    consultationId: readUuid(source, 0),
    version: source.readUInt32LE(ID_BYTES),
  }),
};

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeUIntLE(value, 0, NUMBER_BYTES);
  return bytes;
}

/** The key of an event. `consultationId` is its 16 bytes. */
export function eventKey(consultationId: Uint8Array, version: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES + 4);
  copyBytes(consultationId, 0, ID_BYTES, key, 0);
  key.writeUInt32BE(version, ID_BYTES);
  return key;
}

/** `hash` is latin1. */
export function encodeEntry(sequence: number, typeCode: number, hash: string): Buffer {
  const value = Buffer.allocUnsafe(ENTRY_BYTES);
  setUint48(sequence, value, 0);
  value[NUMBER_BYTES] = typeCode;
  writeLatin1(hash, value, NUMBER_BYTES + 1);
  return value;
}

export function encodePlace(consultationId: Uint8Array, version: number): Buffer {
  const value = Buffer.allocUnsafe(ID_BYTES + 4);
  copyBytes(consultationId, 0, ID_BYTES, value, 0);
  setUint32(version, value, ID_BYTES);
  return value;
}

export function encodeHead(head: ConsultationHead): Buffer {
  const value = Buffer.allocUnsafe(HEAD_FIXED_BYTES + Buffer.byteLength(head.userId));
  writeUuid(head.sessionId, value, 0);
  writeUuid(head.lastEventId, value, 16);
  value.write(head.hash, 32, 'latin1');
  value.writeUIntLE(head.createdMs, 64, NUMBER_BYTES);
  value.writeUIntLE(head.updatedMs, 70, NUMBER_BYTES);
  value.writeUIntLE(head.sequence, 76, NUMBER_BYTES);
  value.writeUInt32LE(head.version, 82);
  value.writeUInt32LE(head.clearedVersion, 86);
  value[90] = head.isCommitted ? 1 : 0;
  value[91] = URGENCIES.indexOf(head.urgency);
  value.write(head.userId, HEAD_FIXED_BYTES);
  return value;
}

function readHead(source: Buffer): StoredHead {
  return {
    sessionId: readUuid(source, 0),
    lastEventId: readUuid(source, 16),
    hash: source.toString('latin1', 32, 64),
    createdMs: source.readUIntLE(64, NUMBER_BYTES),
    updatedMs: source.readUIntLE(70, NUMBER_BYTES),
    sequence: source.readUIntLE(76, NUMBER_BYTES),
    version: source.readUInt32LE(82),
    clearedVersion: source.readUInt32LE(86),
    isCommitted: source[90] === 1,
    urgency: URGENCIES[source[91] as number] ?? null,
    userId: source.toString('utf8', HEAD_FIXED_BYTES, source.length),
  };
}
