/**
 * The ids of an imported consultation are computed from its content, so that importing it again, from any
 * machine and after any interruption, finds what is there instead of writing it twice.
 *
 *   digest          SHA-256("fi-consult import 1" ‖ line feed ‖ the line as parsed, in RFC 8785 form)
 *   consultation    a UUIDv7 of time 0, whose 73 other free bits are the first ones of the digest
 *   event n         the same number plus n, where n is the version the event has in the consultation
 *
 * White space and the order of keys in the line do not matter; any change of content makes another
 * consultation. The time is 0 since a transcript carries none, and a made-up one would claim something. Ids in a
 * row differ in their last bits only, and so compress well. The top bit of the lower half stays 0, so that the
 * sum never reaches the variant bits. The name in the digest changes if the mapping to events ever does: one id
 * must not stand for two payloads.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.js';
import { assert } from '../domain/errors.js';
import type { Json } from '../domain/event.js';
import { readUuid } from '../domain/uuid.js';

const DERIVATION = 'fi-consult import 1\n';
/** Far above any transcript, and far below the 2^61 that the free top bit leaves room for. */
const EVENTS_MAX = 2 ** 32;

export interface ImportIds {
  consultationId: string;
  /** The id of the event with a version, which starts at 1. */
  eventId(version: number): string;
}

/** The ids for one line of an imported file, given as parsed. */
export function importIds(line: Json): ImportIds {
  const digest = createHash('sha256').update(DERIVATION).update(canonicalJson(line)).digest();
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0x7000 | (digest.readUInt16BE(0) & 0x0fff), 6);
  digest.copy(bytes, 8, 2, 10);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x1f);
  const base = bytes.readBigUInt64BE(8);
  const consultationId = readUuid(bytes, 0);
  return {
    consultationId,
    eventId(version) {
      assert(version >= 1 && version < EVENTS_MAX, 'a version that an id can be derived for');
      bytes.writeBigUInt64BE(base + BigInt(version), 8);
      return readUuid(bytes, 0);
    },
  };
}
