/**
 * What stands where in a segment file: format version 2. docs/storage-format.md says the same for readers.
 *
 * Invariants:
 * - A segment holds the events `first_sequence` to `first_sequence + n - 1`; row r of every column under
 *   /events is the event `first_sequence + r`.
 * - The columns below are written in the order of this list, and a live file is flushed before and after the
 *   last one, so that `events/payload_end` never counts a row whose other columns are not there yet.
 * - `payload_end` grows strictly, because a payload is a JSON object and so at least two bytes.
 * - `events/key` is 0, or 1 plus the row in /keys of the key that the event's append came with.
 * - No hash of an event is stored: a reader computes it from the record and the hash before it.
 */
import { createHash } from 'node:crypto';
import type { ElementType } from './hdf5.js';

export const SEGMENT_FORMAT = 'fi-consult segment';
/** Version 1 has no keys; files of it stay as they are. */
export const SEGMENT_FORMAT_VERSION = 2;

/** The root before the first segment. */
export const GENESIS_ROOT = '0'.repeat(64);

/** A dataset of the layout. `width` is 0 for one dimension, otherwise the bytes of a row. */
export interface Column {
  readonly path: ColumnPath;
  readonly type: ElementType;
  readonly width: number;
  /**
   * Rows in a chunk of a sealed file, if the codec does not ask for more, and so the least that a reader has to
   * decode. A reader takes the file's own.
   */
  readonly chunkRows: number;
  /**
   * Elements of a row in a chunk of a sealed file. With 1, each chunk holds one byte position of many rows:
   * ids made in order then compress to 2.5 instead of 6.6 bytes, and still read as plain rows.
   */
  readonly chunkWidth: number;
  /** Rows in a chunk of a live file, which rewrites its last chunk at each flush. */
  readonly liveChunkRows: number;
  /** Whether chunks of it may be random bytes, which no codec makes smaller. */
  readonly isRandom: boolean;
  /** Whether only sealed files have it. */
  readonly sealedOnly: boolean;
  /** The first format version that has it. */
  readonly since: number;
}

export type ColumnPath =
  | 'strings/text'
  | 'strings/end'
  | 'consultations/id'
  | 'consultations/session_id'
  | 'consultations/previous_hash'
  | 'consultations/head_hash'
  | 'keys/digest'
  | 'keys/events'
  | 'events/payload'
  | 'events/event_id'
  | 'events/timestamp_ms'
  | 'events/event_type'
  | 'events/version'
  | 'events/consultation'
  | 'events/user'
  | 'events/source'
  | 'events/timezone'
  | 'events/key'
  | 'events/payload_end';

/** The column whose length says how many events a file holds. */
export const COUNTING_COLUMN = 'events/payload_end' satisfies ColumnPath;

/** Rows that are decoded together. 8192 is long enough to compress well and 0.4 MB over all columns. */
export const CHUNK_ROWS = 8192;
const LIVE_CHUNK_ROWS = 2048;

function column(path: ColumnPath, type: ElementType, width = 0, options: Partial<Column> = {}): Column {
  const base = {
    path,
    type,
    width,
    chunkRows: CHUNK_ROWS,
    chunkWidth: width,
    liveChunkRows: LIVE_CHUNK_ROWS,
  };
  return { ...base, isRandom: false, sealedOnly: false, since: 1, ...options };
}

/** Chunks beyond 256 KiB save less than 2 % under gzip and cost each reader of one event; a codec may ask for more. */
export const PAYLOAD_CHUNK_BYTES = 256 * 1024;
const TEXT_CHUNKS = { chunkRows: PAYLOAD_CHUNK_BYTES, liveChunkRows: 64 * 1024 };
const IDS = { chunkWidth: 1, isRandom: true };
const HASHES = { isRandom: true };
/** Few appends have a key, and a live file makes room for a whole chunk. */
const KEYS = { since: 2, liveChunkRows: 256 };

/** Every dataset, in the order of writing. */
export const COLUMNS: readonly Column[] = [
  column('strings/text', 'uint8', 0, { chunkRows: 64 * 1024, liveChunkRows: 4 * 1024 }),
  column('strings/end', 'uint64'),
  column('consultations/id', 'uint8', 16, IDS),
  column('consultations/session_id', 'uint8', 16, IDS),
  column('consultations/previous_hash', 'uint8', 32, HASHES),
  column('consultations/head_hash', 'uint8', 32, { ...HASHES, sealedOnly: true }),
  column('keys/digest', 'uint8', 16, { ...HASHES, ...KEYS }),
  column('keys/events', 'uint32', 0, KEYS),
  column('events/payload', 'uint8', 0, TEXT_CHUNKS),
  column('events/event_id', 'uint8', 16, IDS),
  column('events/timestamp_ms', 'int64'),
  column('events/event_type', 'uint8'),
  column('events/version', 'uint32'),
  column('events/consultation', 'uint32'),
  column('events/user', 'uint32'),
  column('events/source', 'uint32'),
  column('events/timezone', 'uint32'),
  column('events/key', 'uint32', 0, { since: 2 }),
  column(COUNTING_COLUMN, 'uint64'),
];

export const GROUPS = ['strings', 'consultations', 'keys', 'events'] as const;

/** The datasets of a file by its state and format version, in the order of writing. */
export function columnsOf({ state, formatVersion }: { state: 'live' | 'sealed'; formatVersion: number }) {
  return COLUMNS.filter(
    ({ sealedOnly, since }) => (state === 'sealed' || !sealedOnly) && since <= formatVersion,
  );
}

/** What is known of a sealed segment: a line of the manifest. */
export interface SealedSegment {
  /** The file's name in the segments' directory. */
  file: string;
  firstSequence: number;
  lastSequence: number;
  eventCount: number;
  payloadBytes: number;
  /** Bytes of the links, which is what the events took in the journal. */
  linkBytes: number;
  fileBytes: number;
  codec: string;
  /** Lower-case hex, like all hashes here. */
  previousRoot: string;
  root: string;
  /** Of the whole file. */
  sha256: string;
}

const padded = (firstSequence: number): string => String(firstSequence).padStart(16, '0');

/** The name of a sealed segment's first file; names sort as their sequences do. */
export function sealedFileName(firstSequence: number): string {
  return `segment-${padded(firstSequence)}.h5`;
}

/** The name of the file that follows the newest, unsealed segment. */
export function liveFileName(firstSequence: number): string {
  return `segment-${padded(firstSequence)}.live.h5`;
}

export function isLiveFileName(name: string): boolean {
  return name.endsWith('.live.h5');
}

export function isSealedFileName(name: string): boolean {
  return sealedNameParts(name) !== undefined;
}

/** The name of the file that a segment gets when it is rewritten: one that was never used for it. */
export function repackedFileName({ file, firstSequence }: SealedSegment): string {
  const revision = (sealedNameParts(file)?.revision ?? 0) + 1;
  return `segment-${padded(firstSequence)}.${revision}.h5`;
}

/** What a sealed segment's file name says; `revision` is 0 until it is rewritten. `undefined` for other names. */
export function sealedNameParts(name: string): { firstSequence: number; revision: number } | undefined {
  const match = /^segment-(\d{16})(?:\.(\d{1,9}))?\.h5$/.exec(name);
  if (match === null) return undefined;
  return { firstSequence: Number(match[1]), revision: Number(match[2] ?? 0) };
}

/**
 * The root of a segment, in hex: SHA-256 over the root before it (32 bytes), the first sequence and the count of
 * events (8 bytes each, little-endian) and the events' hashes in order of sequence (32 bytes each).
 */
export function segmentRoot(previousRoot: string, firstSequence: number, eventHashes: Buffer): string {
  const head = Buffer.alloc(48);
  head.write(previousRoot, 0, 'hex');
  head.writeBigUInt64LE(BigInt(firstSequence), 32);
  head.writeBigUInt64LE(BigInt(eventHashes.length / 32), 40);
  return createHash('sha256').update(head).update(eventHashes).digest('hex');
}
