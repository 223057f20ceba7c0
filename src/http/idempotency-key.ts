/** The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header). What it means is decided in the store. */
import type { FastifyRequest } from 'fastify';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { IdempotencyKey } from '../store/event-store.js';

const VISIBLE_ASCII = /^[!-~]+$/;
/** A string of RFC 9651, section 3.3.3, as the draft has it. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The key of a request, and who sent it; `undefined` without one. Plain and as a quoted string it is the same.
 * INVALID_IDEMPOTENCY_KEY if it is not 1 to 255 visible ASCII characters. Two of the header arrive here joined by a comma
 * and a space, and are refused with that.
 */
export function idempotencyKeyOf({ headers, principal }: FastifyRequest): IdempotencyKey | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const text = String(header);
  const key = text.startsWith('"') ? unquoted(text) : text;
  if (key.length <= limits.idempotencyKeyCharsMax && VISIBLE_ASCII.test(key)) {
    return principal === undefined ? { key } : { key, principal: principal.subject };
  }
  throw new CodedError(
    'INVALID_IDEMPOTENCY_KEY',
    `An Idempotency-Key is 1 to ${limits.idempotencyKeyCharsMax} visible ASCII characters, such as a UUID, as they are or in quotes.`,
  );
}

/** The string in quotes; an empty one, which no key is, if it is none. */
function unquoted(text: string): string {
  return (QUOTED.exec(text)?.[1] ?? '').replaceAll(/\\(["\\])/g, '$1');
}

/** For a route where a key would mean nothing: to ignore it would store events twice. */
export function refuseIdempotencyKey({ headers }: FastifyRequest): void {
  if (headers['idempotency-key'] === undefined) return;
  throw new CodedError(
    'INVALID_IDEMPOTENCY_KEY',
    'One Idempotency-Key cannot stand for a stream of events. Give each a UUIDv7 of your own as event_id.',
  );
}
