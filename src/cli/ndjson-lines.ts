/**
 * The lines of an NDJSON stream, one at a time: memory holds one chunk and one line, whatever the file's size.
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
  let number = 0;
  let offset = 0;
  // Parts of the line that earlier chunks began.
  let parts: Buffer[] = [];
  let partBytes = 0;
  const lineOf = (last: Buffer, feedBytes: number): NdjsonLine => {
    const content = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    checkLength(content.length);
    parts = [];
    partBytes = 0;
    number += 1;
    offset += content.length + feedBytes;
    return { number, content, endOffset: offset };
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed !== -1; feed = chunk.indexOf(LINE_FEED, start)) {
      yield lineOf(chunk.subarray(start, feed), 1);
      start = feed + 1;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      partBytes += chunk.length - start;
      checkLength(partBytes);
    }
  }
  if (partBytes > 0) yield lineOf(Buffer.alloc(0), 0);
}

function checkLength(bytes: number): void {
  if (bytes <= limits.importLineBytesMax) return;
  throw new CodedError(
    'BODY_TOO_LARGE',
    `the line is longer than ${limits.importLineBytesMax} bytes; each line must hold one consultation`,
  );
}
