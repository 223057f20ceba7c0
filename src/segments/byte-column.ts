/** A column in the making: bytes that grow at the end and are taken away at the front. */
import { copyBytes, setUint32 } from '../domain/bytes.js';

/** Little-endian values of one size, one after another. */
export class ByteColumn {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = 1024) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The first `length` bytes as a view that holds until the next change. */
  front(length: number): Buffer {
    return this.#bytes.subarray(0, length);
  }

  /** Forgets the first `length` bytes. */
  drop(length: number): void {
    this.#bytes.copyWithin(0, length, this.#length);
    this.#length -= length;
  }

  uint8(value: number): void {
    const offset = this.#grow(1);
    this.#bytes[offset] = value;
  }

  uint32(value: number): void {
    const offset = this.#grow(4);
    setUint32(value, this.#bytes, offset);
  }

  /** A whole number up to 2^53, as 64 bits. */
  uint64(value: number): void {
    const offset = this.#grow(8);
    setUint32(value % 0x1_0000_0000, this.#bytes, offset);
    setUint32(Math.floor(value / 0x1_0000_0000), this.#bytes, offset + 4);
  }

  /** A part of `source`. */
  bytes(source: Buffer, start: number, end: number): void {
    const offset = this.#grow(end - start);
    copyBytes(source, start, end, this.#bytes, offset);
  }

  /** A text of characters below 256, one byte each. */
  latin1(text: string): void {
    const offset = this.#grow(text.length);
    this.#bytes.write(text, offset, 'latin1');
  }

  #grow(length: number): number {
    const offset = this.#length;
    const needed = offset + length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, offset);
      this.#bytes = larger;
    }
    this.#length = needed;
    return offset;
  }
}
