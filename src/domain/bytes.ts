/**
 * Little-endian values and short runs of bytes, in plain code: where millions of events pass, calling the buffer's own
 * functions costs more than what they do.
 */

/** Below this a loop is faster than a call and the view that it needs. */
const LOOP_BYTES_MAX = 64;

export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0;
}

/** A whole number up to 2^48, as times and sequences are. */
export function uint48(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) + uint16(bytes, at + 4) * 2 ** 32;
}

export function setUint16(value: number, bytes: Uint8Array, at: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function setUint32(value: number, bytes: Uint8Array, at: number): void {
  setUint16(value, bytes, at);
  setUint16(value >>> 16, bytes, at + 2);
}

export function setUint48(value: number, bytes: Uint8Array, at: number): void {
  setUint32(value % 2 ** 32, bytes, at);
  setUint16(Math.floor(value / 2 ** 32), bytes, at + 4);
}

/** Copies the bytes from `start` to before `end` to `at` in `target`, which has room. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): void {
  if (end - start > LOOP_BYTES_MAX) {
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), at);
    return;
  }
  const shift = at - start;
  for (let from = start; from < end; from += 1) target[from + shift] = source[from] as number;
}

/** Whether `length` bytes of `one` and of `other`, from these places on, are the same. */
export function isSame(
  one: Uint8Array,
  at: number,
  other: Uint8Array,
  otherAt: number,
  length: number,
): boolean {
  for (let index = 0; index < length; index += 1) {
    if (one[at + index] !== other[otherAt + index]) return false;
  }
  return true;
}

/** Whether the bytes at a place are a text of characters below 256. */
export function isLatin1(text: string, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[at + index]) return false;
  }
  return true;
}

/** Writes a text of characters below 256, one byte each. */
export function writeLatin1(text: string, target: Uint8Array, at: number): void {
  for (let index = 0; index < text.length; index += 1) target[at + index] = text.charCodeAt(index);
}

/** Writes a short text in UTF-8, and gives where it ends. Names are mostly ASCII. */
export function writeText(text: string, target: Buffer, at: number): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return at + target.write(text, at);
    target[at + index] = code;
  }
  return at + text.length;
}
