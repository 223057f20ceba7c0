/**
 * API keys as their owners hold them: `fik_`, the id of the key (12 hex digits), `_`, and its secret: 256 random bits
 * in base64url.
 *
 * What is kept of a secret is its SHA-256. A slow hash (scrypt, argon2) protects secrets that people choose, because
 * those can be guessed; 2^256 random ones cannot, however fast the guessing is, and a slow hash would cost every request.
 */
import { hash, randomBytes } from 'node:crypto';

const KEY = /^fik_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;

export interface KeyParts {
  id: string;
  secret: string;
}

export function newKey(): KeyParts {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
  };
}

export function keyText({ id, secret }: KeyParts): string {
  return `fik_${id}_${secret}`;
}

/** `undefined` if it has not the form of a key. */
export function parseKey(text: string): KeyParts | undefined {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256 of the secret's text, 32 bytes. */
export function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
