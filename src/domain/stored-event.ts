/**
 * The event as stored: the bytes that the journal keeps and the hash chain covers.
 *
 * A *link* is the hash of the consultation's previous event (32 bytes, zeros before the first) followed by the
 * *record* of the event, so that the event's own hash is the SHA-256 of the link and needs no place of its own.
 *
 * A record, little-endian:
 *
 *   offset  size  field
 *        0    16  event_id
 *       16    16  consultation_id
 *       32    16  session_id
 *       48     8  timestamp, milliseconds since 1970
 *       56     4  version
 *       60     1  event type code (event-types.ts)
 *       61     1  bytes of source
 *       62     1  bytes of timezone
 *       63     1  zero
 *       64     2  bytes of user_id
 *       66     2  events of the append, if it came with a key and this is its first; otherwise zero
 *       68     4  bytes of payload
 *       72     -  source, timezone, user_id in UTF-8
 *               16  digest of the key (append-key.ts), if the field at 66 is not zero
 *                -  payload in RFC 8785 form
 *
 * The sequence is no part of the record: the log gives it, and the root of a segment covers the order.
 */
import { hash } from 'node:crypto';
import { type AppendKey, KEY_DIGEST_BYTES } from './append-key.js';
import { setUint16, setUint32, setUint48, uint16, uint32, uint48, writeLatin1, writeText } from './bytes.js';
import { assert } from './errors.js';
import type { ConsultationEvent, EventMetadata, FoldedEvent } from './event.js';
import { type EventType, eventTypeCode, eventTypeOfCode } from './event-types.js';
import { isoTime } from './iso-time.js';
import { writeLatin1Hash } from './line-bytes.js';
import { readUuid, writeUuid } from './uuid.js';

export const HASH_BYTES = 32;
/** Links are written behind one another, where they stay. One that is large has memory of its own. */
const SLAB_BYTES = 64 * 1024;
const SHARED_LINK_BYTES_MAX = SLAB_BYTES / 4;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;
/** Where hexadecimal digits are put together. */
const HEX = Buffer.allocUnsafeSlow(2 * HASH_BYTES);
export const RECORD_HEADER_BYTES = 72;
/** Where the record's own fields start within a link. */
const RECORD = HASH_BYTES;

/** What a record is made of. `payload` is the RFC 8785 text. */
export interface NewEvent {
  eventId: string;
  consultationId: string;
  sessionId: string;
  timestampMs: number;
  version: number;
  type: EventType;
  source: string;
  timezone: string;
  userId: string;
  /** Of the first event of an append that came with a key. */
  key?: AppendKey | undefined;
  payload: string;
}

/** SHA-256 as a latin1 string of 32 characters: the fastest form to make, to compare and to write. */
export function sha256Latin1(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'latin1' as 'binary');
}

/** SHA-256 in lower-case hex, as the API shows it. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

export const GENESIS_HASH = '\0'.repeat(HASH_BYTES);

/** The lower-case hex form of a latin1 hash or digest. */
export function hexOfLatin1(text: string): string {
  return HEX.toString('latin1', 0, writeLatin1Hash(text, HEX, 0));
}

/** Encodes a link. `previousHash` is a latin1 hash. */
export function encodeLink(event: NewEvent, previousHash: string): Buffer {
  const { source, timezone, userId, payload } = event;
  // No character takes more than three bytes: to ask each text for its bytes first would cost more than to write it.
  const charCount = source.length + timezone.length + userId.length + payload.length;
  const bytesMax = RECORD + RECORD_HEADER_BYTES + KEY_DIGEST_BYTES + 3 * charCount;
  if (bytesMax > SHARED_LINK_BYTES_MAX) {
    const alone = Buffer.allocUnsafeSlow(bytesMax);
    return Buffer.from(alone.subarray(0, writeLink(event, previousHash, alone, 0)));
  }
  if (slabUsed + bytesMax > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed = writeLink(event, previousHash, slab, start);
  return slab.subarray(start, slabUsed);
}

/** Writes a link at `start`, where there is room for any of its texts, and gives where it ends. */
function writeLink(event: NewEvent, previousHash: string, target: Buffer, start: number): number {
  const record = start + RECORD;
  const sourceStart = record + RECORD_HEADER_BYTES;
  const timezoneStart = writeText(event.source, target, sourceStart);
  const userStart = writeText(event.timezone, target, timezoneStart);
  const userEnd = writeText(event.userId, target, userStart);
  const payloadStart = userEnd + (event.key === undefined ? 0 : KEY_DIGEST_BYTES);
  const end = payloadStart + target.write(event.payload, payloadStart);
  const sourceBytes = timezoneStart - sourceStart;
  const timezoneBytes = userStart - timezoneStart;
  const userBytes = userEnd - userStart;
  assert(sourceBytes < 256 && timezoneBytes < 256 && userBytes < 65536, 'record strings fit their lengths');
  writeLatin1(previousHash, target, start);
  writeUuid(event.eventId, target, record);
  writeUuid(event.consultationId, target, record + 16);
  writeUuid(event.sessionId, target, record + 32);
  setUint48(event.timestampMs, target, record + 48);
  setUint16(0, target, record + 54);
  setUint32(event.version, target, record + 56);
  target[record + 60] = eventTypeCode(event.type);
  target[record + 61] = sourceBytes;
  target[record + 62] = timezoneBytes;
  target[record + 63] = 0;
  setUint16(userBytes, target, record + 64);
  setUint16(event.key?.events ?? 0, target, record + 66);
  setUint32(end - payloadStart, target, record + 68);
  if (event.key !== undefined) writeLatin1(event.key.digest, target, userEnd);
  return end;
}

/** Reads the fields of a link without copying the payload. */
export class LinkView {
  constructor(readonly link: Buffer) {}

  /** The hash of the event before it in the consultation, latin1. */
  get previousHash(): string {
    return this.link.toString('latin1', 0, HASH_BYTES);
  }
  /** The event's own hash, latin1: computed, 0.4 µs. */
  get hash(): string {
    return sha256Latin1(this.link);
  }
  get eventId(): string {
    return readUuid(this.link, RECORD);
  }
  get consultationId(): string {
    return readUuid(this.link, RECORD + 16);
  }
  get sessionId(): string {
    return readUuid(this.link, RECORD + 32);
  }
  /** The ids as the 16 bytes they are stored in; views, not copies. */
  get eventIdBytes(): Buffer {
    return this.link.subarray(RECORD, RECORD + 16);
  }
  get consultationIdBytes(): Buffer {
    return this.link.subarray(RECORD + 16, RECORD + 32);
  }
  get sessionIdBytes(): Buffer {
    return this.link.subarray(RECORD + 32, RECORD + 48);
  }
  get timestampMs(): number {
    return uint48(this.link, RECORD + 48);
  }
  get version(): number {
    return uint32(this.link, RECORD + 56);
  }
  get typeCode(): number {
    return this.link[RECORD + 60] as number;
  }
  get type(): EventType {
    const type = eventTypeOfCode(this.typeCode);
    assert(type !== undefined, `event type code ${this.typeCode} is known`);
    return type;
  }
  get source(): string {
    const start = RECORD + RECORD_HEADER_BYTES;
    return this.link.toString('utf8', start, start + this.sourceBytes);
  }
  get timezone(): string {
    const start = RECORD + RECORD_HEADER_BYTES + this.sourceBytes;
    return this.link.toString('utf8', start, start + this.timezoneBytes);
  }
  get userId(): string {
    const start = RECORD + RECORD_HEADER_BYTES + this.sourceBytes + this.timezoneBytes;
    return this.link.toString('utf8', start, start + this.userBytes);
  }
  /** The events of the append, if it came with a key and this is its first; otherwise 0. */
  get keyEvents(): number {
    return uint16(this.link, RECORD + 66);
  }
  /** The digest of the key as it is stored; a view. Only if there are `keyEvents`. */
  get keyDigestBytes(): Buffer {
    const end = this.link.length - this.payloadBytes;
    return this.link.subarray(end - KEY_DIGEST_BYTES, end);
  }
  get key(): AppendKey | undefined {
    const events = this.keyEvents;
    return events === 0 ? undefined : { digest: this.keyDigestBytes.toString('latin1'), events };
  }
  /** The payload's UTF-8 bytes; a view. */
  get payload(): Buffer {
    return this.link.subarray(this.payloadStart);
  }
  get payloadStart(): number {
    return this.link.length - this.payloadBytes;
  }
  /** Whether the lengths inside the link add up to its size. */
  get isWellFormed(): boolean {
    if (this.link.length < RECORD + RECORD_HEADER_BYTES) return false;
    const keyBytes = this.keyEvents === 0 ? 0 : KEY_DIGEST_BYTES;
    const rest = this.sourceBytes + this.timezoneBytes + this.userBytes + keyBytes + this.payloadBytes;
    return this.link.length === RECORD + RECORD_HEADER_BYTES + rest;
  }
  private get sourceBytes(): number {
    return this.link[RECORD + 61] as number;
  }
  private get timezoneBytes(): number {
    return this.link[RECORD + 62] as number;
  }
  private get userBytes(): number {
    return uint16(this.link, RECORD + 64);
  }
  private get payloadBytes(): number {
    return uint32(this.link, RECORD + 68);
  }
}

/** A link and its place in the store. */
export interface SequencedLink {
  sequence: number;
  link: Buffer;
}

export function metadataOf(view: LinkView): EventMetadata {
  const { source, userId: user_id, sessionId: session_id, timezone, key } = view;
  if (key === undefined) return { source, user_id, session_id, timezone };
  const idempotency = { digest: hexOfLatin1(key.digest), events: key.events };
  return { source, user_id, session_id, timezone, idempotency };
}

/** The event as the API shows it. */
export function eventOfLink({ sequence, link }: SequencedLink): ConsultationEvent {
  const view = new LinkView(link);
  return {
    event_id: view.eventId,
    consultation_id: view.consultationId,
    sequence,
    version: view.version,
    timestamp: isoTime(view.timestampMs),
    event_type: view.type,
    payload: JSON.parse(view.payload.toString()),
    metadata: metadataOf(view),
    audit_hash: sha256Hex(view.payload),
    hash: sha256Hex(link),
  };
}

/** The part of the event that the fold needs: half the work of `eventOfLink`, since nothing is hashed. */
export function foldedEventOfLink(link: Buffer): FoldedEvent {
  const view = new LinkView(link);
  return {
    event_id: view.eventId,
    consultation_id: view.consultationId,
    version: view.version,
    timestamp: isoTime(view.timestampMs),
    event_type: view.type,
    payload: JSON.parse(view.payload.toString()),
  };
}

/** The JSON text of the event as the API shows it; the payload's stored text is used as it is. */
export function eventJsonOfLink({ sequence, link }: SequencedLink): string {
  const view = new LinkView(link);
  const metadata = JSON.stringify(metadataOf(view));
  return (
    `{"event_id":"${view.eventId}","consultation_id":"${view.consultationId}","sequence":${sequence},` +
    `"version":${view.version},"timestamp":"${isoTime(view.timestampMs)}",` +
    `"event_type":"${view.type}","payload":${view.payload.toString()},"metadata":${metadata},` +
    `"audit_hash":"${sha256Hex(view.payload)}","hash":"${sha256Hex(link)}"}`
  );
}
