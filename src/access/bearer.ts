/** The bearer credentials of a request (RFC 6750, section 2.1), and the refusals that are the same for all kinds. */
import { CodedError } from '../domain/errors.js';

const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The token of an `Authorization` header; CREDENTIALS_MISSING if there is none. */
export function bearerToken(authorization: string | undefined): string {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw new CodedError(
    'CREDENTIALS_MISSING',
    'Send credentials in the Authorization header, as "Bearer" and the key or token.',
  );
}

/** `why` is for the owner of the credentials: it must not help somebody who guesses. */
export function refusedCredentials(why: string, cause?: unknown): CodedError {
  return new CodedError('CREDENTIALS_REFUSED', why, { cause });
}
