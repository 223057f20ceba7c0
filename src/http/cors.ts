/**
 * CORS: which pages of other origins may read answers (https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * Off unless the operator names origins (FI_CORS_ORIGINS). They are compared as exact texts. Cookies and other
 * credentials of the browser are never allowed: a client that authenticates sends a header of its own.
 */
import type { IncomingMessage } from 'node:http';
import type { HardenedResponse } from './hardened-response.js';

/** What a page may send. Every route takes a subset of these. */
const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers':
    'Accept, Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer',
  // Ten minutes: browsers keep a preflight hardly longer, and a change of the setting shows soon.
  'access-control-max-age': '600',
} as const;

/**
 * A function that lets pages of these origins read the answer, and answers their preflights. It returns whether it
 * has answered. To every other origin it does nothing, which the browser takes for a no.
 */
export function corsFor(
  origins: readonly string[],
): (request: IncomingMessage, response: HardenedResponse) => boolean {
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return false;
    response.allowedOrigin = origin;
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      return false;
    }
    response.writeHead(204, PREFLIGHT_HEADERS).end();
    return true;
  };
}
