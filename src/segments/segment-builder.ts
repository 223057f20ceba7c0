/**
 * Turns links into columns, event by event. Live and sealed files are both made with it, so that they cannot
 * differ in what they mean.
 *
 * It checks what the layout takes for granted: that the chain of each consultation is unbroken and that a
 * consultation keeps its session. Its memory is the columns not yet taken away, and about 100 bytes for each
 * consultation and distinct string of the segment.
 */
import { assert, CodedError } from '../domain/errors.js';
import { HASH_BYTES, LinkView, RECORD_HEADER_BYTES, sha256Latin1 } from '../domain/stored-event.js';
import { ByteColumn } from './byte-column.js';
import { COLUMNS, type ColumnPath } from './segment-layout.js';

/** Offsets in a link, from stored-event.ts. */
const EVENT_ID = HASH_BYTES;
const CONSULTATION_ID = HASH_BYTES + 16;
const SESSION_ID = HASH_BYTES + 32;
const SOURCE_BYTES = HASH_BYTES + 61;
const TIMEZONE_BYTES = HASH_BYTES + 62;
const USER_BYTES = HASH_BYTES + 64;
const TEXTS = HASH_BYTES + RECORD_HEADER_BYTES;

/** What the newest event of a consultation was, within this segment. */
interface ConsultationEnd {
  row: number;
  /** Latin1. */
  sessionId: string;
  hash: string;
  version: number;
}

export class SegmentBuilder {
  readonly #columns: ReadonlyMap<ColumnPath, ByteColumn>;
  readonly #firstSequence: number;
  readonly #consultations = new Map<string, ConsultationEnd>();
  readonly #strings = new Map<string, number>();
  #eventCount = 0;
  #payloadBytes = 0;
  #linkBytes = 0;
  #stringBytes = 0;
  #keyCount = 0;

  constructor(firstSequence: number) {
    this.#firstSequence = firstSequence;
    this.#columns = new Map(COLUMNS.map(({ path }) => [path, new ByteColumn()]));
  }

  get eventCount(): number {
    return this.#eventCount;
  }
  get payloadBytes(): number {
    return this.#payloadBytes;
  }
  get linkBytes(): number {
    return this.#linkBytes;
  }

  /** A column's bytes that were not yet taken away. */
  column(path: ColumnPath): ByteColumn {
    return this.#columns.get(path) as ByteColumn;
  }

  /** Takes in the next event and gives its hash (latin1). LOG_DAMAGED if it does not continue its consultation. */
  add(link: Buffer): string {
    const view = new LinkView(link);
    if (!view.isWellFormed) throw this.#broken('its lengths do not add up');
    const hash = sha256Latin1(link);
    const consultation = this.#consultation(view, hash);
    const { payload } = view;
    assert(payload.length > 0, 'a payload is a JSON object');
    this.#payloadBytes += payload.length;
    this.#linkBytes += link.length;
    this.#eventCount += 1;

    this.column('events/payload').bytes(payload, 0, payload.length);
    this.column('events/event_id').bytes(link, EVENT_ID, EVENT_ID + 16);
    this.column('events/timestamp_ms').uint64(view.timestampMs);
    this.column('events/event_type').uint8(view.typeCode);
    this.column('events/version').uint32(view.version);
    this.column('events/consultation').uint32(consultation);
    this.#addStrings(link);
    this.#addKey(view);
    this.column('events/payload_end').uint64(this.#payloadBytes);
    return hash;
  }

  /** Adds the column that only a finished segment has. */
  finish(): void {
    const heads = this.column('consultations/head_hash');
    for (const { hash } of this.#consultations.values()) heads.latin1(hash);
  }

  #consultation(view: LinkView, hash: string): number {
    const { link, version } = view;
    const key = link.toString('latin1', CONSULTATION_ID, CONSULTATION_ID + 16);
    const sessionId = link.toString('latin1', SESSION_ID, SESSION_ID + 16);
    const known = this.#consultations.get(key);
    if (known === undefined) {
      const row = this.#consultations.size;
      this.#consultations.set(key, { row, sessionId, hash, version });
      this.column('consultations/id').bytes(link, CONSULTATION_ID, CONSULTATION_ID + 16);
      this.column('consultations/session_id').bytes(link, SESSION_ID, SESSION_ID + 16);
      this.column('consultations/previous_hash').bytes(link, 0, HASH_BYTES);
      return row;
    }
    if (known.hash !== view.previousHash) throw this.#broken('it does not follow the event before it');
    if (known.version + 1 !== version) throw this.#broken('its version does not follow');
    assert(known.sessionId === sessionId, 'a consultation keeps its session');
    known.hash = hash;
    known.version = version;
    return known.row;
  }

  #addKey(view: LinkView): void {
    const { keyEvents } = view;
    if (keyEvents > 0) {
      this.#keyCount += 1;
      const digest = view.keyDigestBytes;
      this.column('keys/digest').bytes(digest, 0, digest.length);
      this.column('keys/events').uint32(keyEvents);
    }
    this.column('events/key').uint32(keyEvents > 0 ? this.#keyCount : 0);
  }

  #addStrings(link: Buffer): void {
    const sourceEnd = TEXTS + (link[SOURCE_BYTES] as number);
    const timezoneEnd = sourceEnd + (link[TIMEZONE_BYTES] as number);
    const userEnd = timezoneEnd + link.readUInt16LE(USER_BYTES);
    this.column('events/source').uint32(this.#string(link, TEXTS, sourceEnd));
    this.column('events/timezone').uint32(this.#string(link, sourceEnd, timezoneEnd));
    this.column('events/user').uint32(this.#string(link, timezoneEnd, userEnd));
  }

  /** The row of a string in the dictionary. Bytes are compared, so that whatever was stored comes back. */
  #string(link: Buffer, start: number, end: number): number {
    const key = link.toString('latin1', start, end);
    let row = this.#strings.get(key);
    if (row === undefined) {
      row = this.#strings.size;
      this.#strings.set(key, row);
      this.#stringBytes += end - start;
      this.column('strings/text').bytes(link, start, end);
      this.column('strings/end').uint64(this.#stringBytes);
    }
    return row;
  }

  #broken(what: string): CodedError {
    const sequence = this.#firstSequence + this.#eventCount;
    const message = `The event with sequence ${sequence} cannot be archived: ${what}. Run "fi-consult verify".`;
    return new CodedError('LOG_DAMAGED', message, { extensions: { sequence } });
  }
}
