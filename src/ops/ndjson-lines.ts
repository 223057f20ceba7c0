/**
 * The lines of an NDJSON stream: memory holds one chunk and one line, whatever the stream's length.
 *
 * `node:readline` is not used because it has no bound on a line and hides how many bytes a line took.
 */
import type { Readable } from 'node:stream';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';

export interface NdjsonLine {
  /** Counts all lines of the stream, blank ones too, from 1. */
  number: number;
  /** Without its line feed. */
  content: Buffer;
  /** Bytes of the stream up to and with this line. */
  endOffset: number;
}

/** Whole lines that came together; at least one. */
export interface NdjsonBlock {
  /** The number of its first line. */
  firstNumber: number;
  /** Without the last line feed. */
  content: Buffer;
  /** Bytes of the stream up to and with the block. */
  endOffset: number;
}

const LINE_FEED = 0x0a;

/**
 * Yields every line, and after the last line feed what is left, if anything is.
 *
 * A line over `limits.importLineBytesMax` is a CodedError BODY_TOO_LARGE as soon as that many bytes were read;
 * the error comes after every line before it was taken.
 */
export async function* ndjsonLines(stream: Readable): AsyncGenerator<NdjsonLine> {
  let offset = 0;
  for await (const { firstNumber, content, endOffset } of ndjsonBlocks(stream, limits.importLineBytesMax)) {
    let number = firstNumber;
    for (const line of linesOfBlock(content)) {
      offset = Math.min(offset + line.length + 1, endOffset);
      yield { number, content: line, endOffset: offset };
      number += 1;
    }
  }
}

/** The lines of a block, as views. */
export function* linesOfBlock(content: Buffer): Generator<Buffer> {
  let start = 0;
  for (let feed = content.indexOf(LINE_FEED); feed !== -1; feed = content.indexOf(LINE_FEED, start)) {
    yield content.subarray(start, feed);
    start = feed + 1;
  }
  yield content.subarray(start);
}

/** The same lines in blocks, as the stream's chunks complete them; for those who look at many at once. */
export async function* ndjsonBlocks(
  chunks: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<NdjsonBlock> {
  const cutter = new BlockCutter(lineBytesMax);
  for await (const chunk of chunks) {
    const block = cutter.cut(chunk);
    if (block !== undefined) yield block;
    cutter.checkLength();
  }
  const last = cutter.last();
  if (last !== undefined) yield last;
}

/** Cuts chunks at their last line feed, and keeps the parts of a line that is not complete yet. */
class BlockCutter {
  /** Lines that were given out, and the bytes up to and with them. */
  private lineCount = 0;
  private endOffset = 0;
  private parts: Buffer[] = [];
  private partBytes = 0;
  private isTooLong = false;

  constructor(private readonly lineBytesMax: number) {}

  /** The lines that a chunk completes, up to one that is too long, which `checkLength` throws for. */
  cut(chunk: Buffer): NdjsonBlock | undefined {
    const feed = chunk.lastIndexOf(LINE_FEED);
    if (feed === -1) {
      this.keep(chunk);
      return undefined;
    }
    this.keep(chunk.subarray(0, feed));
    const block = this.take(1);
    if (feed + 1 < chunk.length) this.keep(chunk.subarray(feed + 1));
    return block;
  }

  /** What is left after the last line feed. */
  last(): NdjsonBlock | undefined {
    return this.partBytes === 0 ? undefined : this.take(0);
  }

  checkLength(): void {
    if (!this.isTooLong && this.partBytes <= this.lineBytesMax) return;
    const line = this.lineCount + 1;
    throw new CodedError(
      'BODY_TOO_LARGE',
      `Line ${line} is longer than ${this.lineBytesMax} bytes. Send less in one line.`,
      { extensions: { line } },
    );
  }

  private keep(part: Buffer): void {
    this.parts.push(part);
    this.partBytes += part.length;
  }

  private take(feedBytes: number): NdjsonBlock | undefined {
    const all = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    this.parts = [];
    this.partBytes = 0;
    this.endOffset += all.length + feedBytes;
    const firstNumber = this.lineCount + 1;
    const content = this.countLines(all);
    return content && { firstNumber, content, endOffset: this.endOffset };
  }

  /** Counts the lines of a block; gives those before one that is too long, if there are any. */
  private countLines(content: Buffer): Buffer | undefined {
    for (let start = 0; ; ) {
      const feed = content.indexOf(LINE_FEED, start);
      const end = feed === -1 ? content.length : feed;
      this.isTooLong = end - start > this.lineBytesMax;
      if (this.isTooLong) return start === 0 ? undefined : content.subarray(0, start - 1);
      this.lineCount += 1;
      if (feed === -1) return content;
      start = feed + 1;
    }
  }
}
