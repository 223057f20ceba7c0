/** Reads JSON bodies strictly (strict-json.ts), and refuses every other kind of body. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { decodeUtf8, parseStrictJson } from '../domain/strict-json.js';

const JSON_MEDIA_TYPE = 'application/json';

/** Makes JSON in UTF-8, not compressed, the only body that is accepted. */
export function acceptStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    JSON_MEDIA_TYPE,
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    (request, body: Buffer, done) => {
      try {
        checkEncoding(request);
        const text = decodeUtf8(body);
        if (body.length < limits.largeBodyBytesMin) done(null, parseStrictJson(text));
        else parseInTurn(text, done);
      } catch (error) {
        done(error as Error, undefined);
      }
    },
  );
}

/** A large body is read in one turn of the event loop and judged in the next: together they would hold it too long. */
function parseInTurn(text: string, done: (error: Error | null, value?: unknown) => void): void {
  setImmediate(() => {
    try {
      const value = parseStrictJson(text);
      setImmediate(done, null, value);
    } catch (error) {
      done(error as Error);
    }
  });
}

/** A charset other than UTF-8 means other characters, and a compressed body would only be called bad JSON. */
function checkEncoding({ headers }: FastifyRequest): void {
  const type = headers['content-type'];
  const isUtf8 = type === JSON_MEDIA_TYPE || charsetOf(type ?? '') === 'utf-8';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (isUtf8 && encoding === 'identity') return;
  throw new CodedError(
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the body as JSON in UTF-8, not compressed, with Content-Type: application/json.',
  );
}

function charsetOf(contentType: string): string {
  return /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
}
