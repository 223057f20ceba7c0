/** Content negotiation: which of the forms that a route has an answer is sent in (RFC 9110, section 12.5.1). */
import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { CodedError } from '../domain/errors.js';

/**
 * The one of `offered` that the `Accept` header wants most; among equals, and without a header, the first.
 * NOT_ACCEPTABLE, with the names of all, if it takes none of them. An answer that depends on this has
 * `Vary: accept`.
 */
export function acceptedType<T extends string>(
  headers: IncomingHttpHeaders,
  offered: readonly [T, ...T[]],
): T {
  const { accept } = headers;
  if (accept === undefined || accept === '*/*') return offered[0];
  const wanted = new Negotiator({ headers: { accept } }).mediaType([...offered]);
  const type = offered.find((one) => one === wanted);
  if (type !== undefined) return type;
  throw new CodedError('NOT_ACCEPTABLE', `This route answers in ${offered.join(', ')}. Accept one of them.`);
}

/** Whether the `Accept` header names a media type itself, and not only by a wildcard or with `q=0`. */
export function namesType(headers: IncomingHttpHeaders, type: string): boolean {
  const { accept } = headers;
  return accept !== undefined && new Negotiator({ headers: { accept } }).mediaTypes().includes(type);
}
