/**
 * The answer of Node with the headers that every answer of the service has, however it is sent: by a route, by an
 * error handler, as a stream or by hand.
 *
 * They are put in where the head of an answer is written. A hook that set them would cost each request more, and
 * would miss the answers that never reach the framework.
 */
import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { assert } from '../domain/errors.js';
import { AnswerBatch } from './answer-batch.js';

/**
 * The headers of every answer, anew for each: a literal with the rest put into it costs a fifth of what a copy of a
 * constant does. Header names are in lower case throughout src/http: a name in two spellings would be sent twice.
 */
export function headersOfAll(): OutgoingHttpHeaders {
  return {
    // Clinical data are in no cache; a route that has none may say otherwise.
    'cache-control': 'no-store',
    // An answer that a browser shows as a page loads nothing, runs nothing and is in nobody's frame.
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    // An address has the id of a consultation in it.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

/** What a page of an allowed origin may read of an answer beside its body. */
const EXPOSED_HEADERS = 'ETag, Location, Retry-After, Idempotency-Replayed, WWW-Authenticate';

const answers = new AnswerBatch((response, body) => {
  ServerResponse.prototype.end.call(response, body, 'utf8');
});

export class HardenedResponse extends ServerResponse {
  /** The origin whose pages may read this answer (cors.ts). */
  allowedOrigin: string | undefined = undefined;

  override writeHead(
    statusCode: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    const given = typeof reason === 'string' ? headers : reason;
    assert(!Array.isArray(given), 'headers come as an object');
    const complete = headersOfAll();
    for (const name of this.getHeaderNames()) complete[name] = this.getHeader(name);
    if (given !== undefined) for (const name of Object.keys(given)) complete[name] = given[name];
    if (this.allowedOrigin !== undefined) this.addCorsHeaders(complete, this.allowedOrigin);
    return typeof reason === 'string'
      ? super.writeHead(statusCode, reason, complete)
      : super.writeHead(statusCode, complete);
  }

  /** A whole answer, which is what the framework ends without a callback, goes with the others of this turn. */
  override end(
    chunk?: unknown,
    encoding?: BufferEncoding | (() => void) | null,
    callback?: (() => void) | null,
  ): this {
    if (callback === null && (typeof chunk === 'string' || Buffer.isBuffer(chunk)) && chunk.length > 0) {
      answers.add(this, chunk);
      return this;
    }
    return super.end(chunk, encoding as BufferEncoding, callback as () => void);
  }

  private addCorsHeaders(headers: OutgoingHttpHeaders, origin: string): void {
    headers['access-control-allow-origin'] = origin;
    headers['access-control-expose-headers'] = EXPOSED_HEADERS;
    headers.vary = headers.vary === undefined ? 'origin' : `${headers.vary}, origin`;
  }
}
