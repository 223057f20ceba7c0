/** The lines of a streamed upload: each is the body of one append, read and judged as that would be. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';
import { linesOfBlock, ndjsonBlocks } from '../ops/ndjson-lines.js';
import type { AppendBodyType } from './schemas.js';
import type { EventValidator } from './validation.js';

export interface EventLine {
  /** Its place in the stream; blank lines count. From 1. */
  number: number;
  body: AppendBodyType;
}

/**
 * Yields the lines in the groups in which they arrive; blank ones are passed over.
 *
 * At the first line that is no event, throws its CodedError, with the member `line`, after all lines before it
 * were yielded.
 */
export async function* eventLines(
  stream: Readable,
  validate: EventValidator,
): AsyncGenerator<readonly EventLine[]> {
  // A request that is destroyed takes its connection with it, and the answer that says which line was refused.
  const chunks = stream.iterator({ destroyOnReturn: false });
  for await (const { firstNumber, content } of ndjsonBlocks(chunks, limits.bodyBytesMax)) {
    const lines: EventLine[] = [];
    let number = firstNumber;
    let fault: unknown;
    try {
      for (const text of textsOf(content)) {
        const body = eventOf(text, validate);
        if (body !== undefined) lines.push({ number, body });
        number += 1;
      }
    } catch (error) {
      fault = atLine(error, number);
    }
    if (lines.length > 0) yield lines;
    if (fault !== undefined) throw fault;
  }
}

/** The error with the number of the line that it is about; what is no CodedError stays as it is. */
export function atLine(error: unknown, line: number): unknown {
  if (!(error instanceof CodedError)) return error;
  const { code, message, errors, extensions } = error;
  return new CodedError(code, message, {
    cause: error,
    ...(errors !== undefined && { errors }),
    extensions: { ...extensions, line },
  });
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** The texts of a block's lines. All are decoded at once, unless one may have to be refused: then the others come first. */
function textsOf(content: Buffer): Iterable<string> {
  const isPlain = isUtf8(content) && !content.includes(BYTE_ORDER_MARK);
  return isPlain ? decodeUtf8(content).split('\n') : decodedOneByOne(content);
}

function* decodedOneByOne(content: Buffer): Generator<string> {
  for (const line of linesOfBlock(content)) yield decodeUtf8(line);
}

function eventOf(text: string, validate: EventValidator): AppendBodyType | undefined {
  if (text.trim() === '') return undefined;
  const value = parseStrictJson(text);
  const error = validate(value);
  if (error !== undefined) throw error;
  return value as unknown as AppendBodyType;
}
