/**
 * What an append keeps of the Idempotency-Key that it came with (draft-ietf-httpapi-idempotency-key-header): so
 * little that the key cannot be read from it, and enough to know the key again.
 */
import { hash } from 'node:crypto';

export const KEY_DIGEST_BYTES = 16;

/** Kept by the first event of an append that came with a key. */
export interface AppendKey {
  /** What `appendKeyDigest` makes of the key; 16 bytes as latin1. */
  digest: string;
  /** The events of the append, this one included. */
  events: number;
}

/** Where a key means something: the same key elsewhere is another key. */
export interface AppendKeyScope {
  /** Who was authenticated, if anybody was. */
  principal?: string | undefined;
  /** The consultation that is appended to; none while one is started. */
  consultationId?: string | undefined;
}

/** The first half of the SHA-256 of a key within its scope, as latin1. That two keys share one is no likelier than a broken hash. */
export function appendKeyDigest({ principal, consultationId }: AppendKeyScope, key: string): string {
  const named = JSON.stringify(['Idempotency-Key', principal ?? null, consultationId ?? null, key]);
  return hash('sha256', named, 'latin1' as 'binary').slice(0, KEY_DIGEST_BYTES);
}
