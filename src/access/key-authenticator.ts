/** Finds out who holds an API key. A change of the keys holds within a second, without a restart. */
import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { Authenticator, Principal } from '../domain/access.js';
import { limits } from '../domain/limits.js';
import { bearerToken, refusedCredentials } from './bearer.js';
import { KEY_FILE, type KeyRecord, parseKeyFile } from './key-file.js';
import { parseKey, secretHash } from './key-secret.js';
import { WatchedFile } from './watched-file.js';

interface ActiveKey {
  secretHash: Buffer;
  expiresMs: number;
  principal: Principal;
}

/** The same for every key that does not hold, so that guessing learns nothing of which ids there are. */
const REFUSED = 'The API key is not known, has expired or was revoked. Ask for a new one.';

export interface KeyAuthenticatorOptions {
  dataDir: string;
  /** The file of keys has changed and cannot be used; the keys before the change still hold. */
  onProblem: (error: unknown) => void;
  pollMs?: number;
  nowMs?: () => number;
}

/** Throws CREDENTIAL_FILE_DAMAGED if the keys cannot be used. Without a file nobody has a key, until one is made. */
export async function openKeyAuthenticator(options: KeyAuthenticatorOptions): Promise<Authenticator> {
  const { dataDir, onProblem, pollMs = limits.credentialPollMs, nowMs = Date.now } = options;
  const file = await WatchedFile.open({
    path: join(dataDir, KEY_FILE),
    parse: (text) => activeKeys(parseKeyFile(text)),
    pollMs,
    onProblem,
  });
  return {
    authenticate(authorization) {
      const parts = parseKey(bearerToken(authorization));
      const key = parts && file.value.get(parts.id);
      if (parts === undefined || key === undefined) throw refusedCredentials(REFUSED);
      // How long a comparison takes must not tell how much of a guess was right.
      if (!timingSafeEqual(secretHash(parts.secret), key.secretHash)) throw refusedCredentials(REFUSED);
      if (nowMs() >= key.expiresMs) throw refusedCredentials(REFUSED);
      return key.principal;
    },
    close: () => file.close(),
  };
}

function activeKeys(records: readonly KeyRecord[]): Map<string, ActiveKey> {
  const active = records.filter(({ revoked_at }) => revoked_at === null);
  return new Map(
    active.map(({ id, subject, role, secret_sha256, expires_at }) => {
      const principal: Principal = { subject, role, credential: `key:${id}` };
      const expiresMs = expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at);
      return [id, { secretHash: Buffer.from(secret_sha256, 'hex'), expiresMs, principal }];
    }),
  );
}
