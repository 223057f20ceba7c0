/** What the lines of one consultation have in common, kept as bytes for the next ones. */
import { uint32 } from './bytes.js';
import { HASH_BYTES, LinkView, metadataOf, RECORD_HEADER_BYTES } from './stored-event.js';

/** The ids of the consultation and of the session, which stand together in a link. */
const IDS = HASH_BYTES + 16;
const IDS_BYTES = 32;
/** The lengths of source and timezone and that of user_id are on both sides of a zero. */
const LENGTHS = HASH_BYTES + 61;
const LENGTHS_BYTES = 5;
const KEY_EVENTS = HASH_BYTES + 66;
const TEXTS = HASH_BYTES + RECORD_HEADER_BYTES;
/** Consultations whose parts are kept: more than go on at a time. */
const KEPT_MAX = 4096;

/** The parts of a line around what differs from event to event. */
export interface SharedParts {
  /** What follows the event's id, up to its sequence. */
  readonly afterId: Uint8Array;
  /** What follows the payload, up to its hash. */
  readonly afterPayload: Uint8Array;
}

/** Parts, and the bytes of the link that they were made of. */
interface Kept extends SharedParts {
  readonly ids: Uint8Array;
  readonly lengths: Uint8Array;
  readonly texts: Uint8Array;
}

export class SharedPartsCache {
  /** By the end of the consultation's id, which counts up. */
  readonly #kept = new Map<number, Kept>();

  /** The parts of the link that is between `start` and `end`. */
  of(bytes: Buffer, start: number, end: number): SharedParts {
    // What the first event of a keyed append says of the key is like no other's.
    if (bytes[start + KEY_EVENTS] !== 0 || bytes[start + KEY_EVENTS + 1] !== 0)
      return partsOf(bytes.subarray(start, end));
    const key = uint32(bytes, start + IDS + 12) | 0;
    const kept = this.#kept.get(key);
    if (
      kept !== undefined &&
      isAt(kept.ids, bytes, start + IDS) &&
      isAt(kept.lengths, bytes, start + LENGTHS) &&
      isAt(kept.texts, bytes, start + TEXTS)
    ) {
      return kept;
    }
    const link = bytes.subarray(start, end);
    const copy = (from: number, length: number): Uint8Array =>
      Uint8Array.from(link.subarray(from, from + length));
    const { afterId, afterPayload } = partsOf(link);
    const made = {
      afterId,
      afterPayload,
      ids: copy(IDS, IDS_BYTES),
      lengths: copy(LENGTHS, LENGTHS_BYTES),
      texts: copy(TEXTS, link.length - TEXTS - new LinkView(link).payload.length),
    };
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(key, made);
    return made;
  }
}

function partsOf(link: Buffer): SharedParts {
  const view = new LinkView(link);
  const metadata = JSON.stringify(metadataOf(view));
  return {
    afterId: Uint8Array.from(Buffer.from(`","consultation_id":"${view.consultationId}","sequence":`)),
    afterPayload: Uint8Array.from(Buffer.from(`,"metadata":${metadata},"audit_hash":"`)),
  };
}

function isAt(part: Uint8Array, bytes: Buffer, at: number): boolean {
  for (let index = 0; index < part.length; index += 1) {
    if (bytes[at + index] !== part[index]) return false;
  }
  return true;
}
