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

const LINE_FEED = 0x0a;

/**
 * Yields every line, and after the last line feed what is left, if anything is.
 *
 * A line over `limits.importLineBytesMax` is a CodedError BODY_TOO_LARGE as soon as that many bytes were read;
 * the error comes after every line before it was taken.
 */
export async function* ndjsonLines(stream: Readable): AsyncGenerator<NdjsonLine> {
  for await (const lines of ndjsonLineGroups(stream, limits.importLineBytesMax)) yield* lines;
}

/** The same lines, together as the stream's chunks complete them; a group has at least one. */
export async function* ndjsonLineGroups(
  chunks: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<readonly NdjsonLine[]> {
  const splitter = new LineSplitter(lineBytesMax);
  for await (const chunk of chunks) {
    const lines = splitter.split(chunk);
    if (lines.length > 0) yield lines;
    splitter.checkLength();
  }
  const last = splitter.last();
  if (last !== undefined) yield [last];
}

/** Cuts chunks into lines, and keeps the parts of a line that is not complete yet. */
class LineSplitter {
  private number = 0;
  private endOffset = 0;
  private parts: Buffer[] = [];
  private partBytes = 0;

  constructor(private readonly lineBytesMax: number) {}

  /** The lines that a chunk completes, up to one that is too long, which `checkLength` throws for. */
  split(chunk: Buffer): NdjsonLine[] {
    const lines: NdjsonLine[] = [];
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed !== -1; feed = chunk.indexOf(LINE_FEED, start)) {
      this.keep(chunk.subarray(start, feed));
      if (this.isTooLong) return lines;
      lines.push(this.take(1));
      start = feed + 1;
    }
    if (start < chunk.length) this.keep(chunk.subarray(start));
    return lines;
  }

  /** What is left after the last line feed. */
  last(): NdjsonLine | undefined {
    return this.partBytes === 0 ? undefined : this.take(0);
  }

  checkLength(): void {
    if (!this.isTooLong) return;
    throw new CodedError(
      'BODY_TOO_LARGE',
      `Line ${this.number + 1} is longer than ${this.lineBytesMax} bytes. Send less in one line.`,
      { extensions: { line: this.number + 1 } },
    );
  }

  private get isTooLong(): boolean {
    return this.partBytes > this.lineBytesMax;
  }

  private keep(part: Buffer): void {
    this.parts.push(part);
    this.partBytes += part.length;
  }

  private take(feedBytes: number): NdjsonLine {
    const content = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    this.number += 1;
    this.endOffset += this.partBytes + feedBytes;
    this.parts = [];
    this.partBytes = 0;
    return { number: this.number, content, endOffset: this.endOffset };
  }
}
