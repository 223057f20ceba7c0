/** Reads JSON bodies strictly (strict-json.ts), and refuses every other kind of body. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';
import type { ContentCoding } from '../ops/content-codings.js';
import { unpacking } from './compression.js';

const JSON_MEDIA_TYPE = 'application/json';

/** Makes JSON in UTF-8, as it is or in one of these codings, the only body that is accepted. */
export function acceptStrictJson(app: FastifyInstance, codings: readonly ContentCoding[]): void {
  const unpack = unpacking(codings);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    JSON_MEDIA_TYPE,
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    ({ headers }, body: Buffer, done) => {
      try {
        checkCharset(headers);
        if (headers['content-encoding'] === undefined) parse(body, done);
        else unpack(headers['content-encoding'], body).then((unpacked) => parse(unpacked, done), done);
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

type Done = (error: Error | null, value?: unknown) => void;

/** Throws nothing: what is wrong is handed on, whoever asks. */
function parse(body: Buffer, done: Done): void {
  let value: unknown;
  try {
    const text = decodeUtf8(body);
    if (body.length >= limits.largeBodyBytesMin) {
      parseInTurn(text, done);
      return;
    }
    value = parseStrictJson(text);
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, value);
}

/** A large body is read in one turn of the event loop and judged in the next: together they would hold it too long. */
function parseInTurn(text: string, done: Done): void {
  setImmediate(() => {
    try {
      const value = parseStrictJson(text);
      setImmediate(done, null, value);
    } catch (error) {
      done(error as Error);
    }
  });
}

/** A charset other than UTF-8 means other characters. */
function checkCharset({ 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (type === JSON_MEDIA_TYPE || charsetOf(type) === 'utf-8') return;
  throw new CodedError(
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the body as JSON in UTF-8, with Content-Type: application/json.',
  );
}

function charsetOf(contentType: string): string {
  return /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
}
