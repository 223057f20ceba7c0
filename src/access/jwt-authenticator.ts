/**
 * Finds out whom a JSON Web Token names. A signature is checked once: its token is kept, by its SHA-256, until it
 * expires or the key set changes.
 */
import { hash } from 'node:crypto';
import { type Authenticator, type Principal, ROLES } from '../domain/access.js';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { LruMap } from '../ops/lru-map.js';
import { bearerToken, refusedCredentials } from './bearer.js';
import { type Claims, type KeySet, parseKeySet, verifyToken } from './jwt-verifier.js';
import { isSubject } from './key-file.js';
import { WatchedFile } from './watched-file.js';

export interface JwtSettings {
  issuer: string;
  audience: string;
  /** Path of the JSON Web Key Set. */
  jwksFile: string;
  subjectClaim: string;
  roleClaim: string;
}

export interface JwtAuthenticatorOptions extends JwtSettings {
  /** The key set has changed and cannot be used; the one before it still holds. */
  onProblem: (error: unknown) => void;
  pollMs?: number;
  nowMs?: () => number;
}

interface VerifiedToken {
  principal: Principal;
  expiresMs: number;
}

const REFUSED =
  'The token is not valid here: it has expired, is not signed by the issuer, or is for another audience. Get a new one.';

/** Throws CREDENTIAL_FILE_DAMAGED if the key set cannot be used. */
export async function openJwtAuthenticator(options: JwtAuthenticatorOptions): Promise<Authenticator> {
  const { jwksFile, onProblem, pollMs = limits.credentialPollMs, nowMs = Date.now } = options;
  const newCache = () => new LruMap<string, VerifiedToken>(limits.cachedTokensMax);
  let verified = newCache();
  const file = await WatchedFile.open<KeySet>({
    path: jwksFile,
    parse: (text) => parseKeySet(presentText(text)),
    pollMs,
    // What a key that is gone had signed must not go on.
    onChange: () => {
      verified = newCache();
    },
    onProblem,
  });

  async function verify(token: string, digest: string): Promise<Principal> {
    // A change of the keys while this waits brings a new cache, which the outcome then does not get into.
    const cache = verified;
    let claims: Claims & { exp: number };
    try {
      claims = await verifyToken(token, file.value, { ...options, nowMs: nowMs() });
    } catch (cause) {
      throw refusedCredentials(REFUSED, cause);
    }
    const principal = principalOf(claims, options);
    const expiresMs = (claims.exp + limits.tokenClockToleranceSeconds) * 1000;
    cache.set(digest, { principal, expiresMs });
    return principal;
  }

  return {
    authenticate(authorization) {
      const token = bearerToken(authorization);
      const digest = hash('sha256', token, 'base64');
      const known = verified.get(digest);
      if (known === undefined) return verify(token, digest);
      if (nowMs() < known.expiresMs) return known.principal;
      verified.delete(digest);
      throw refusedCredentials(REFUSED);
    },
    close: () => file.close(),
  };
}

function presentText(text: string | undefined): string {
  if (text !== undefined) return text;
  throw new CodedError(
    'CREDENTIAL_FILE_DAMAGED',
    'The file of FI_JWT_JWKS_FILE is missing. Put the JSON Web Key Set of the issuer there.',
  );
}

function principalOf(claims: Claims, { subjectClaim, roleClaim }: JwtSettings): Principal {
  const subject = claims[subjectClaim];
  if (typeof subject !== 'string' || !isSubject(subject)) {
    throw refusedCredentials('The token names nobody in the claim that the service reads. Ask the operator.');
  }
  // Issuers list the roles of a person, also those of other services.
  const named: readonly unknown[] = [claims[roleClaim]].flat();
  const roles = ROLES.filter((role) => named.includes(role));
  const [role] = roles;
  if (role === undefined || roles.length > 1) {
    throw refusedCredentials(
      `The token must have exactly one of the roles ${ROLES.join(', ')}. Ask the operator.`,
    );
  }
  return { subject, role, credential: 'jwt' };
}
