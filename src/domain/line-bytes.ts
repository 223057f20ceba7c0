/**
 * Ids, hashes, numbers and times as the bytes of their text. Each writes at `at` and gives where it ended; there must
 * be room.
 *
 * Byte by byte: for so few of them a call of the buffer's own functions costs more than all the bytes.
 */
import { isoTime } from './iso-time.js';

const digitsOf = (digit: (value: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, value) => digit(value));
const hexDigit = (value: number): number => value.toString(16).charCodeAt(0);
/** The two hexadecimal digits of a byte. */
const HIGH = digitsOf((value) => hexDigit(value >>> 4));
const LOW = digitsOf((value) => hexDigit(value & 15));
const ZERO = 48;
const DASH = 45;
const Z = 90;
const POINT = 46;
const MINUTE_MS = 60_000;
/** Below this a number's digits are found in 32 bits, which is faster. */
const INTEGER_MAX = 0x7fff_ffff;

/** A few bytes that are the same each time. */
export function writePart(part: Uint8Array, target: Uint8Array, at: number): number {
  for (let index = 0; index < part.length; index += 1) target[at + index] = part[index] as number;
  return at + part.length;
}

function writeHex(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  for (let from = start; from < end; from += 1) {
    const byte = source[from] as number;
    target[to] = HIGH[byte] as number;
    target[to + 1] = LOW[byte] as number;
    to += 2;
  }
  return to;
}

/** The hex form of the 32 bytes of a hash at `from`. */
export function writeHash(source: Uint8Array, from: number, target: Uint8Array, at: number): number {
  return writeHex(source, from, from + 32, target, at);
}

/** The hex form of a hash in latin1. */
export function writeLatin1Hash(hash: string, target: Uint8Array, at: number): number {
  let to = at;
  for (let index = 0; index < hash.length; index += 1) {
    const byte = hash.charCodeAt(index);
    target[to] = HIGH[byte] as number;
    target[to + 1] = LOW[byte] as number;
    to += 2;
  }
  return to;
}

/** The text of the UUID whose 16 bytes are at `from`. */
export function writeUuidText(source: Uint8Array, from: number, target: Uint8Array, at: number): number {
  let to = writeHex(source, from, from + 4, target, at);
  for (let group = from + 4; group < from + 10; group += 2) {
    target[to] = DASH;
    to = writeHex(source, group, group + 2, target, to + 1);
  }
  target[to] = DASH;
  return writeHex(source, from + 10, from + 16, target, to + 1);
}

/** A whole number from 0. */
export function writeDecimal(value: number, target: Uint8Array, at: number): number {
  if (value > INTEGER_MAX) {
    const high = Math.floor(value / 10);
    const to = writeDecimal(high, target, at);
    target[to] = ZERO + (value - high * 10);
    return to + 1;
  }
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits += 1;
  let rest = value;
  for (let to = at + digits - 1; to >= at; to -= 1) {
    const high = (rest / 10) | 0;
    target[to] = ZERO + (rest - high * 10);
    rest = high;
  }
  return at + digits;
}

let lastMinute = -1;
/** The text of the last minute, up to its seconds. */
let minuteText: Uint8Array = new Uint8Array(0);

/** The time in milliseconds since 1970 as `isoTime` shows it. Events that come after each other mostly share their minute. */
export function writeIsoTime(timeMs: number, target: Uint8Array, at: number): number {
  const minute = Math.floor(timeMs / MINUTE_MS);
  if (minute !== lastMinute) {
    minuteText = Buffer.from(isoTime(timeMs).slice(0, -'SS.mmmZ'.length));
    lastMinute = minute;
  }
  const ms = timeMs - minute * MINUTE_MS;
  const second = (ms / 1000) | 0;
  const to = writePart(minuteText, target, at);
  writeDigits(second, 2, target, to);
  target[to + 2] = POINT;
  writeDigits(ms - second * 1000, 3, target, to + 3);
  target[to + 6] = Z;
  return to + 7;
}

function writeDigits(value: number, digits: number, target: Uint8Array, at: number): void {
  let rest = value;
  for (let to = at + digits - 1; to >= at; to -= 1) {
    const high = (rest / 10) | 0;
    target[to] = ZERO + (rest - high * 10);
    rest = high;
  }
}
