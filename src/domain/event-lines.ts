/**
 * Events as NDJSON, made as bytes: the lines of `eventJsonOfLink`, byte for byte, without a text for each field.
 *
 * The rate of an export is the rate of this file. What a line shares with earlier ones is kept as bytes and copied, and
 * so is the payload as it is stored.
 */
import { uint16, uint32 } from './bytes.js';
import { assert } from './errors.js';
import { EVENT_TYPES } from './event-types.js';
import {
  writeDecimal,
  writeHash,
  writeIsoTime,
  writeLatin1Hash,
  writePart,
  writeUuidText,
} from './line-bytes.js';
import { type PackedLinks, packLinks } from './packed-links.js';
import { SharedPartsCache } from './shared-parts.js';
import { HASH_BYTES, type SequencedLink, sha256Latin1 } from './stored-event.js';

const RECORD = HASH_BYTES;
/** What a line has beside the shared parts and its payload: ids, hashes, numbers and names; and then some. */
const REST_BYTES_MAX = 512;

/** What is kept of memory that was given back: as much as is under way at a time. */
const SPARE_MAX = 4;
const SPARE_BYTES_MAX = 16 * 1024 * 1024;

const START = Buffer.from('{"event_id":"');
const VERSION = Buffer.from(',"version":');
const TIMESTAMP = Buffer.from(',"timestamp":"');
const HASH = Buffer.from('","hash":"');
const END = Buffer.from('"}\n');
/** By the stored code of a type. */
const TYPES = ['', ...EVENT_TYPES].map((type) => Buffer.from(`","event_type":"${type}","payload":`));

/** Lines in the making. */
export class EventLines {
  readonly #shared = new SharedPartsCache();
  readonly #spare: Buffer[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** Starts anew, in memory of its own or that was given back; `bytes` are expected. */
  start(bytes: number): void {
    this.#bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(bytes);
    this.#length = 0;
  }

  /** Gives lines that were taken back, to be overwritten: memory that was used before costs much less than new one. */
  reuse(lines: Buffer): void {
    if (this.#spare.length === SPARE_MAX || lines.buffer.byteLength > SPARE_BYTES_MAX) return;
    this.#spare.push(Buffer.from(lines.buffer as ArrayBuffer));
  }

  /** How many there are since the start. */
  get bytes(): number {
    return this.#length;
  }

  /** The lines since the start. */
  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds the line of a link: that at `index` of a pack. */
  add({ bytes: links, ends, hashes }: PackedLinks, index: number, sequence: number): void {
    const start = index === 0 ? 0 : (ends[index - 1] as number);
    const end = ends[index] as number;
    const payloadBytes = uint32(links, start + RECORD + 68);
    const payload = new Uint8Array(links.buffer, links.byteOffset + end - payloadBytes, payloadBytes);
    const typeCode = links[start + RECORD + 60] as number;
    const type = typeCode === 0 ? undefined : TYPES[typeCode];
    assert(type !== undefined, 'the code of an event type is known');
    const { afterId, afterPayload } = this.#shared.of(links, start, end);
    this.#makeRoom(REST_BYTES_MAX + afterId.length + afterPayload.length + payloadBytes);
    const bytes = this.#bytes;

    let at = writePart(START, bytes, this.#length);
    at = writeUuidText(links, start + RECORD, bytes, at);
    bytes.set(afterId, at);
    at = writeDecimal(sequence, bytes, at + afterId.length);
    at = writePart(VERSION, bytes, at);
    at = writeDecimal(uint32(links, start + RECORD + 56), bytes, at);
    at = writePart(TIMESTAMP, bytes, at);
    const timeMs = uint32(links, start + RECORD + 48) + uint16(links, start + RECORD + 52) * 0x1_0000_0000;
    at = writeIsoTime(timeMs, bytes, at);
    bytes.set(type, at);
    at += type.length;
    bytes.set(payload, at);
    at += payloadBytes;
    bytes.set(afterPayload, at);
    at = writeLatin1Hash(sha256Latin1(payload), bytes, at + afterPayload.length);
    at = writePart(HASH, bytes, at);
    at =
      hashes === undefined
        ? writeLatin1Hash(sha256Latin1(links.subarray(start, end)), bytes, at)
        : writeHash(hashes, index * HASH_BYTES, bytes, at);
    this.#length = writePart(END, bytes, at);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** A line for each of some links. */
export function eventLines(links: readonly SequencedLink[]): Buffer {
  const lines = new EventLines();
  const pack = packLinks(links);
  lines.start(pack.bytes.length + links.length * REST_BYTES_MAX);
  for (const [index, { sequence }] of links.entries()) lines.add(pack, index, sequence);
  return lines.taken();
}
