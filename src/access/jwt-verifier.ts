/**
 * The one file that knows jose: whether a JSON Web Token (RFC 7519) was signed with a key of a set, and for us.
 *
 * Only signatures with a public key are accepted (RS256, ES256, EdDSA): with a shared secret every holder could make
 * tokens, and a public key must never be taken for one (RFC 8725, section 2.1).
 */
import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

export type KeySet = JWTVerifyGetKey;
export type Claims = JWTPayload;

function unusable(what: string, cause?: unknown): CodedError {
  return new CodedError(
    'CREDENTIAL_FILE_DAMAGED',
    `The file of FI_JWT_JWKS_FILE cannot be used: ${what}. It must be a JSON Web Key Set (RFC 7517), as the issuer publishes it.`,
    { cause },
  );
}

/** The keys of a JWKS file's text. CREDENTIAL_FILE_DAMAGED if they cannot be used, or if a key in it is secret. */
export function parseKeySet(text: string): KeySet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable('it is no JSON', cause);
  }
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0) throw unusable('it has no "keys"');
  for (const key of keys as Record<string, unknown>[]) {
    if (!KEY_TYPES.includes(key?.kty)) throw unusable('a key in it is none of RSA, EC and OKP');
    // Whoever may read the file could make tokens with it.
    if ('d' in key) throw unusable('a key in it is a private one');
  }
  return createLocalJWKSet(value as Parameters<typeof createLocalJWKSet>[0]);
}

/** The claims of a token; rejects if it is not one of this issuer, for this audience, now. */
export async function verifyToken(
  token: string,
  keys: KeySet,
  { issuer, audience, nowMs }: { issuer: string; audience: string; nowMs: number },
): Promise<Claims & { exp: number }> {
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ALGORITHMS,
    issuer,
    audience,
    clockTolerance: limits.tokenClockToleranceSeconds,
    currentDate: new Date(nowMs),
    requiredClaims: ['exp'],
  });
  return payload as Claims & { exp: number };
}
