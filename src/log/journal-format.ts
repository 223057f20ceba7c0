/**
 * The journal's bytes. A journal file is a header and then blocks, each written and synced as one.
 *
 * Invariants:
 *   - A file `<first sequence, 16 digits>.journal` has a whole header: it is written under another name first.
 *   - Blocks follow each other without gaps, and so do the sequences of their events.
 *   - A block is written only after all before it are on stable storage. A block that is whole therefore
 *     proves that every byte before it was durable: damage there is damage, and no torn tail.
 *   - A block without events says just that, and is written when the log falls idle or closes.
 *   - Zeros after the last block are room for further ones, and say nothing. A block may end in zeros of its own, so
 *     the room begins where the last whole block ends, and not where the zeros do.
 *
 * File header, 64 bytes, little-endian:          Block header, 32 bytes:
 *   0   8  "FICJOURN"                              0  4  "FIBK"
 *   8   4  format version, 3                       4  4  bytes of the body
 *  12   4  zero                                    8  8  sequence of the first event
 *  16   8  sequence of the first event            16  4  number of events
 *  24   8  created, milliseconds since 1970       20  4  CRC-32 of the body
 *  32  28  zero                                   24  4  zero
 *  60   4  CRC-32 of the 60 bytes before          28  4  CRC-32 of the 28 bytes before
 *
 * Body: for each event the bytes of its link (4 bytes), then the link (domain/stored-event.ts).
 */
import { crc32 } from 'node:zlib';
import { CodedError } from '../domain/errors.js';

/** Up to version 2 there is no room, and in version 1 no event has a key (domain/stored-event.ts). */
export const JOURNAL_FORMAT_VERSION = 3;
export const FILE_HEADER_BYTES = 64;
export const BLOCK_HEADER_BYTES = 32;
/** Before each link stands its length. */
export const LENGTH_BYTES = 4;

const FILE_MAGIC = Buffer.from('FICJOURN', 'latin1');
export const BLOCK_MAGIC = Buffer.from('FIBK', 'latin1');
const SUFFIX = '.journal';

export function journalName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}${SUFFIX}`;
}

/** The first sequence in a journal's name, or `undefined` for another file. */
export function journalFirstSequence(name: string): number | undefined {
  const match = /^(\d{16})\.journal$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export interface JournalHeader {
  formatVersion: number;
  firstSequence: number;
  createdMs: number;
}

/** The header of a new file, which is of the newest format version. */
export function encodeFileHeader({ firstSequence, createdMs }: Omit<JournalHeader, 'formatVersion'>): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  FILE_MAGIC.copy(header, 0);
  header.writeUInt32LE(JOURNAL_FORMAT_VERSION, 8);
  header.writeBigUInt64LE(BigInt(firstSequence), 16);
  header.writeBigUInt64LE(BigInt(createdMs), 24);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  return header;
}

/** Decodes a file header. Throws LOG_DAMAGED, or UNSUPPORTED_FORMAT for a journal of a newer version. */
export function decodeFileHeader(header: Buffer, name: string): JournalHeader {
  const whole =
    header.length === FILE_HEADER_BYTES && crc32(header.subarray(0, 60)) === header.readUInt32LE(60);
  if (!whole || !header.subarray(0, 8).equals(FILE_MAGIC)) {
    throw new CodedError('LOG_DAMAGED', `${name}, offset 0: the file header is damaged. ${WHAT_TO_DO}`);
  }
  const formatVersion = header.readUInt32LE(8);
  if (formatVersion < 1 || formatVersion > JOURNAL_FORMAT_VERSION) {
    throw new CodedError(
      'UNSUPPORTED_FORMAT',
      `${name} has journal format ${formatVersion}; this version reads 1 to ${JOURNAL_FORMAT_VERSION}. Use the version that wrote it, or a newer one.`,
    );
  }
  return {
    formatVersion,
    firstSequence: Number(header.readBigUInt64LE(16)),
    createdMs: Number(header.readBigUInt64LE(24)),
  };
}

/** What an operator does about damage; the same words in every message. */
export const WHAT_TO_DO =
  'Nothing was changed. Keep a copy of the data directory, then restore it from a backup (docs/operating.md, "Damage").';

/** Encodes a block: its header and the links of its events, as one buffer for one write. */
export function encodeBlock(firstSequence: number, links: readonly Buffer[], linkBytes: number): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_HEADER_BYTES + links.length * LENGTH_BYTES + linkBytes);
  let offset = BLOCK_HEADER_BYTES;
  for (const link of links) {
    block.writeUInt32LE(link.length, offset);
    block.set(link, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + link.length;
  }
  block.set(BLOCK_MAGIC, 0);
  block.writeUInt32LE(block.length - BLOCK_HEADER_BYTES, 4);
  block.writeBigUInt64LE(BigInt(firstSequence), 8);
  block.writeUInt32LE(links.length, 16);
  block.writeUInt32LE(crc32(block.subarray(BLOCK_HEADER_BYTES)), 20);
  block.writeUInt32LE(0, 24);
  block.writeUInt32LE(crc32(block.subarray(0, 28)), 28);
  return block;
}

export interface BlockHeader {
  bodyBytes: number;
  firstSequence: number;
  eventCount: number;
  bodyCrc: number;
}

/** Decodes a block header; `undefined` if these bytes are none. */
export function decodeBlockHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < BLOCK_HEADER_BYTES) return undefined;
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return undefined;
  if (!bytes.subarray(0, 4).equals(BLOCK_MAGIC) || bytes.readUInt32LE(24) !== 0) return undefined;
  return {
    bodyBytes: bytes.readUInt32LE(4),
    firstSequence: Number(bytes.readBigUInt64LE(8)),
    eventCount: bytes.readUInt32LE(16),
    bodyCrc: bytes.readUInt32LE(20),
  };
}

/** The links in a block's body, as views; `undefined` if the body is not what its header says. */
export function decodeBlockBody(header: BlockHeader, body: Buffer): Buffer[] | undefined {
  if (body.length !== header.bodyBytes || crc32(body) !== header.bodyCrc) return undefined;
  const links: Buffer[] = [];
  let offset = 0;
  while (offset + LENGTH_BYTES <= body.length) {
    const end = offset + LENGTH_BYTES + body.readUInt32LE(offset);
    if (end > body.length) return undefined;
    links.push(body.subarray(offset + LENGTH_BYTES, end));
    offset = end;
  }
  return offset === body.length && links.length === header.eventCount ? links : undefined;
}
