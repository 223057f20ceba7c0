/**
 * The way of one payload from the socket to the disk, step by step: what each step does, how many bytes of the event it
 * copies, and how long it takes.
 *
 * Each step is there in the form that the service has and, where that is another one, in a plain form: what one would
 * write first. A step takes what the step before it gave. Bytes count as copied when they are written to another place in
 * memory, by us or by what we call; reading them (a checksum, a hash, a scan) copies nothing. What the kernel and Node's
 * HTTP parser copy is counted, and cannot be timed from here.
 */
import { createHash, hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { Json, JsonObject } from '../../src/domain/event.js';
import { encodeLink, GENESIS_HASH, type NewEvent, sha256Latin1 } from '../../src/domain/stored-event.js';
import { decodeUtf8, parseStrictJson } from '../../src/domain/strict-json.js';
import { BLOCK_HEADER_BYTES, encodeBlock, LENGTH_BYTES } from '../../src/log/journal-format.js';

/** An event on its way; each step adds what it makes. */
export interface Passage {
  body: Buffer;
  /** Bytes of the head of its request. */
  headBytes: number;
  text: string;
  value: JsonObject;
  canonical: string;
  link: Buffer;
  /** With as many events as `EVENTS_IN_BLOCK`. */
  block: Buffer;
  fd: number;
}

export interface Step {
  name: string;
  /** What is copied, in words. */
  copies: string;
  /** Bytes that the service copies for this event. */
  copied(passage: Passage): number;
  /** What the service does; without it the step cannot be timed here. */
  run?: (passage: Passage) => unknown;
  /** The plain form, and what it copies. */
  /** How many events one run stands for, if not one. */
  events?: number;
  plain?: { copied(passage: Passage): number; run: (passage: Passage) => unknown };
}

/** Links that share a block: what it takes is divided among them. */
const EVENTS_IN_BLOCK = 16;
const none = (): number => 0;
const bodyBytes = ({ body }: Passage): number => body.length;
/** A string has a byte for each character, or two if one of them is beyond Latin-1. */
const stringBytes = (text: string): number => text.length * (isLatin1(text) ? 1 : 2);
const isLatin1 = (text: string): boolean => /^[\0-\xff]*$/.test(text);
const canonicalBytes = ({ canonical }: Passage): number => Buffer.byteLength(canonical);
const linkBytes = ({ link }: Passage): number => link.length;

/** The strings of a value, each of which is made anew when it is parsed. */
function stringsIn(value: Json): number {
  if (typeof value === 'string') return stringBytes(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + stringsIn(item as Json), 0);
}

/** The steps in order. */
export const STEPS: readonly Step[] = [
  {
    name: 'read from the socket',
    copies: 'kernel to Node’s buffer, head and body',
    copied: ({ headBytes, body }) => headBytes + body.length,
  },
  { name: 'HTTP parser', copies: 'the body, out of that buffer', copied: bodyBytes },
  {
    name: 'gather the body',
    copies: 'Fastify joins its parts into a buffer of its own',
    copied: bodyBytes,
    run: ({ body }) => Buffer.concat([body], body.length),
  },
  {
    name: 'bytes to text',
    copies: 'UTF-8 to a string',
    copied: ({ text }) => stringBytes(text),
    run: ({ body }) => decodeUtf8(body),
    plain: { copied: ({ text }) => stringBytes(text), run: ({ body }) => body.toString() },
  },
  {
    name: 'text to value',
    copies: 'its strings, each into one of its own',
    copied: ({ value }) => stringsIn(value),
    run: ({ text }) => parseStrictJson(text),
    plain: { copied: ({ value }) => stringsIn(value), run: ({ text }) => JSON.parse(text) },
  },
  {
    name: 'value to canonical text',
    copies: 'all of it, into one string; the plain form once more for each level',
    copied: ({ canonical }) => stringBytes(canonical),
    run: ({ value }) => canonicalJson(value.payload as JsonObject),
    plain: {
      copied: ({ value }) => joinedBytes(value.payload as Json),
      run: ({ value }) => plainCanonical(value.payload as Json),
    },
  },
  {
    name: 'canonical text to link',
    copies: 'to UTF-8, at its place in the link; the plain form joins two buffers to one',
    copied: linkBytes,
    run: ({ canonical }) => encodeLink(eventOf(canonical), GENESIS_HASH),
    plain: {
      copied: (passage) => 2 * linkBytes(passage),
      run: ({ canonical }) => Buffer.concat([encodeLink(eventOf(''), GENESIS_HASH), Buffer.from(canonical)]),
    },
  },
  {
    name: 'hash of the link',
    copies: 'nothing',
    copied: none,
    run: ({ link }) => sha256Latin1(link),
    plain: { copied: none, run: ({ link }) => createHash('sha256').update(link).digest('binary') },
  },
  {
    name: 'audit hash',
    copies: 'the canonical text, to UTF-8',
    copied: canonicalBytes,
    run: ({ canonical }) => hash('sha256', canonical, 'hex'),
    plain: {
      copied: canonicalBytes,
      run: ({ canonical }) => createHash('sha256').update(canonical).digest('hex'),
    },
  },
  {
    name: 'links to block',
    copies: 'the link, to its place in the block; the plain form three times',
    copied: linkBytes,
    events: EVENTS_IN_BLOCK,
    run: ({ link }) => blockOf(link, encodeBlock),
    plain: { copied: (passage) => 3 * linkBytes(passage), run: ({ link }) => blockOf(link, plainBlock) },
  },
  {
    name: 'write of the block',
    copies: 'to the kernel; the sync that follows is not part of the time',
    copied: linkBytes,
    events: EVENTS_IN_BLOCK,
    run: ({ block, fd }) => writeSync(fd, block, 0, block.length, 0),
  },
];

function eventOf(payload: string): NewEvent {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  return {
    eventId: id,
    consultationId: id,
    sessionId: id,
    timestampMs: 1_760_000_000_000,
    version: 1,
    type: 'MESSAGE_RECEIVED',
    source: 'api',
    timezone: 'UTC',
    userId: 'dr-bench',
    payload,
  };
}

/** RFC 8785 as it is usually written: every value is sorted and joined, from the leaves up. */
function plainCanonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(plainCanonical).join(',')}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${plainCanonical(value[key] as Json)}`).join(',')}}`;
}

/** What is copied on the way to that text: of every value the texts of all that are in it. */
function joinedBytes(value: Json): number {
  const own = stringBytes(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return own;
  return Object.values(value).reduce((sum: number, item) => sum + joinedBytes(item as Json), own);
}

type EncodeBlock = typeof encodeBlock;

function blockOf(link: Buffer, encode: EncodeBlock): Buffer {
  return encode(1, new Array<Buffer>(EVENTS_IN_BLOCK).fill(link), EVENTS_IN_BLOCK * link.length);
}

/** Each link behind its length, all of them together, and then behind a header with their checksum. */
const plainBlock: EncodeBlock = (_first, links) => {
  const parts = links.map((link) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(link.length);
    return Buffer.concat([length, link]);
  });
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32LE(crc32(body), 20);
  return Buffer.concat([header, body]);
};

/** An event with everything that the steps make of it, and the file that its block goes to. */
export function passageOf(bodyText: string, headBytes: number, fd: number): Passage {
  const value = parseStrictJson(bodyText) as JsonObject;
  const canonical = canonicalJson(value.payload as JsonObject);
  const link = encodeLink(eventOf(canonical), GENESIS_HASH);
  const body = Buffer.from(bodyText);
  return { body, headBytes, text: bodyText, value, canonical, link, block: blockOf(link, encodeBlock), fd };
}
