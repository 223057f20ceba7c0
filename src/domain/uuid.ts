/**
 * UUIDv7 (RFC 9562): made in order, and kept as 16 bytes in storage.
 *
 * The 74 bits beside the time are a counter that starts at a random value in each process and grows by one
 * ("monotonic random", RFC 9562 section 6.2, method 2). Ids made by one process are therefore strictly
 * increasing, and compress to a few bytes each in a column. They name things; they are not secrets.
 */
import { randomBytes } from 'node:crypto';

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** The same as a JSON Schema pattern. */
export const UUID_V7_PATTERN = PATTERN.source;

export function isUuidV7(value: string): boolean {
  return PATTERN.test(value);
}

/** The value of a hexadecimal digit by its character code, lower-case or upper. */
const NIBBLES = new Uint8Array(128);
for (let value = 0; value < 16; value += 1) {
  NIBBLES[value.toString(16).charCodeAt(0)] = value;
  NIBBLES[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}
/** Where the pairs of digits stand in the text form of a UUID. */
const PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** Writes the 16 bytes of a UUID in text form at `offset`. The text must be a valid UUID. */
export function writeUuid(text: string, target: Buffer, offset: number): void {
  for (let index = 0; index < PAIRS.length; index += 1) {
    const pair = PAIRS[index] as number;
    const high = NIBBLES[text.charCodeAt(pair)] as number;
    target[offset + index] = (high << 4) | (NIBBLES[text.charCodeAt(pair + 1)] as number);
  }
}

/** The text form of the 16 bytes at `offset`. */
export function readUuid(source: Buffer, offset: number): string {
  const hex = source.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** The time in a UUIDv7, in milliseconds since 1970. */
export function uuidTimeMs(text: string): number {
  return Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
/** Two hexadecimal digits of each byte. */
const BYTES = Array.from({ length: 256 }, (_, value) => hex(value, 2));

/** Eight hexadecimal digits of 32 bits. */
function hex32(value: number): string {
  return `${BYTES[value >>> 24]}${BYTES[(value >>> 16) & 255]}${BYTES[(value >>> 8) & 255]}${BYTES[value & 255]}`;
}

/**
 * Makes a generator of UUIDv7. `seed` (10 bytes) fixes the counter's start, for reproducible ids in tests and
 * benchmarks.
 */
export function uuidV7Generator(seed: Uint8Array = randomBytes(10)): (timeMs: number) => string {
  const start = Buffer.from(seed);
  // 74 bits of counter: 12 before the variant, 30 and 32 after it. The first starts low, to have room to grow.
  let randA = start.readUInt16BE(0) & 0x07ff;
  let high = start.readUInt32BE(2) & 0x3fffffff;
  let low = start.readUInt32BE(6);
  let prefixMs = -1;
  let prefix = '';
  /** Everything up to the last 32 bits, which changes once a millisecond or when `low` is through. */
  const makePrefix = (timeMs: number): string => {
    const time = hex(timeMs, 12);
    const variant = hex32(0x80000000 + high);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(randA, 3)}-${variant.slice(0, 4)}-${variant.slice(4)}`;
  };
  return (timeMs) => {
    low = (low + 1) >>> 0;
    if (low === 0) {
      high = (high + 1) & 0x3fffffff;
      if (high === 0) randA = (randA + 1) & 0x0fff;
      prefixMs = -1;
    }
    if (timeMs !== prefixMs) {
      prefix = makePrefix(timeMs);
      prefixMs = timeMs;
    }
    return prefix + hex32(low);
  };
}
