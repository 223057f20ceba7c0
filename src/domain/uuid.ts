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

/** Writes the 16 bytes of a UUID in text form at `offset`. The text must be a valid UUID. */
export function writeUuid(text: string, target: Buffer, offset: number): void {
  target.write(text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18), offset, 8, 'hex');
  target.write(text.slice(19, 23) + text.slice(24), offset + 8, 8, 'hex');
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

/**
 * Makes a generator of UUIDv7. `seed` (10 bytes) fixes the counter's start, for reproducible ids in tests and
 * benchmarks.
 */
export function uuidV7Generator(seed: Uint8Array = randomBytes(10)): (timeMs: number) => string {
  const start = Buffer.from(seed);
  // 62 bits after the variant, split so that each part is an exact number; rand_a takes the carry.
  let randA = start.readUInt16BE(0) & 0x07ff;
  let high = start.readUInt32BE(2) & 0x3fffffff;
  let low = start.readUInt32BE(6);
  return (timeMs) => {
    low += 1;
    if (low > 0xffffffff) {
      low = 0;
      high = (high + 1) & 0x3fffffff;
      if (high === 0) randA = (randA + 1) & 0x0fff;
    }
    const time = hex(timeMs, 12);
    const variant = hex(0x80000000 + high, 8);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(randA, 3)}-${variant.slice(0, 4)}-${variant.slice(4)}${hex(low, 8)}`;
  };
}
