/**
 * Turns links into columns, event by event. Live and sealed files are both made with it, so that they cannot
 * differ in what they mean.
 *
 * It checks what the layout takes for granted: that the chain of each consultation is unbroken and that a
 * consultation keeps its session. Its memory is the columns not yet taken away, and about 100 bytes for each
 * consultation and distinct string of the segment.
 */
import { isLatin1 } from '../domain/bytes.js';
import { assert, CodedError } from '../domain/errors.js';
import { HASH_BYTES, LinkView, sha256Latin1 } from '../domain/stored-event.js';
import { ByteColumn } from './byte-column.js';
import { COLUMNS, type ColumnPath } from './segment-layout.js';
import { TextDictionary } from './text-dictionary.js';

/** Offsets in a link, from stored-event.ts. */
const EVENT_ID = HASH_BYTES;
const CONSULTATION_ID = HASH_BYTES + 16;
const SESSION_ID = HASH_BYTES + 32;

/** What the newest event of a consultation was, within this segment. */
interface ConsultationEnd {
  row: number;
  /** Ids and hash in latin1. */
  id: string;
  sessionId: string;
  hash: string;
  version: number;
}

export class SegmentBuilder {
  readonly #columns: ReadonlyMap<ColumnPath, ByteColumn>;
  readonly #firstSequence: number;
  readonly #consultations = new Map<string, ConsultationEnd>();
  /** The one that the newest event is of: the next is often of the same. */
  #newest: ConsultationEnd | undefined;
  readonly #texts: TextDictionary;
  readonly #at: EventColumns;
  #eventCount = 0;
  #payloadBytes = 0;
  #linkBytes = 0;
  #keyCount = 0;

  constructor(firstSequence: number) {
    this.#firstSequence = firstSequence;
    this.#columns = new Map(COLUMNS.map(({ path }) => [path, new ByteColumn()]));
    this.#texts = new TextDictionary(this.column('strings/text'), this.column('strings/end'));
    this.#at = eventColumns((path) => this.column(path));
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
    const { payloadStart } = view;
    assert(payloadStart < link.length, 'a payload is a JSON object');
    this.#payloadBytes += link.length - payloadStart;
    this.#linkBytes += link.length;
    this.#eventCount += 1;

    const at = this.#at;
    const texts = this.#texts.rowsOf(link);
    at.payload.bytes(link, payloadStart, link.length);
    at.eventId.bytes(link, EVENT_ID, EVENT_ID + 16);
    at.timestamp.uint64(view.timestampMs);
    at.type.uint8(view.typeCode);
    at.version.uint32(view.version);
    at.consultation.uint32(consultation);
    at.source.uint32(texts.source);
    at.timezone.uint32(texts.timezone);
    at.user.uint32(texts.user);
    at.key.uint32(this.#keyRow(view));
    at.payloadEnd.uint64(this.#payloadBytes);
    return hash;
  }

  /** Adds the column that only a finished segment has. */
  finish(): void {
    const heads = this.column('consultations/head_hash');
    for (const { hash } of this.#consultations.values()) heads.latin1(hash);
  }

  #consultation(view: LinkView, hash: string): number {
    const { link, version } = view;
    const known = this.#endOf(link);
    if (known === undefined) {
      const row = this.#consultations.size;
      const id = latin1Id(link, CONSULTATION_ID);
      this.#newest = { row, id, sessionId: latin1Id(link, SESSION_ID), hash, version };
      this.#consultations.set(id, this.#newest);
      this.column('consultations/id').bytes(link, CONSULTATION_ID, CONSULTATION_ID + 16);
      this.column('consultations/session_id').bytes(link, SESSION_ID, SESSION_ID + 16);
      this.column('consultations/previous_hash').bytes(link, 0, HASH_BYTES);
      return row;
    }
    if (!isLatin1(known.hash, link, 0)) throw this.#broken('it does not follow the event before it');
    if (known.version + 1 !== version) throw this.#broken('its version does not follow');
    assert(isLatin1(known.sessionId, link, SESSION_ID), 'a consultation keeps its session');
    known.hash = hash;
    known.version = version;
    return known.row;
  }

  /** What is known of the consultation of a link. */
  #endOf(link: Buffer): ConsultationEnd | undefined {
    if (this.#newest === undefined || !isLatin1(this.#newest.id, link, CONSULTATION_ID)) {
      this.#newest = this.#consultations.get(latin1Id(link, CONSULTATION_ID));
    }
    return this.#newest;
  }

  /** The row of an event's key, from 1; 0 if it has none. */
  #keyRow(view: LinkView): number {
    const { keyEvents } = view;
    if (keyEvents === 0) return 0;
    this.#keyCount += 1;
    const digest = view.keyDigestBytes;
    this.column('keys/digest').bytes(digest, 0, digest.length);
    this.column('keys/events').uint32(keyEvents);
    return this.#keyCount;
  }

  #broken(what: string): CodedError {
    const sequence = this.#firstSequence + this.#eventCount;
    const message = `The event with sequence ${sequence} cannot be archived: ${what}. Run "fi-consult verify".`;
    return new CodedError('LOG_DAMAGED', message, { extensions: { sequence } });
  }
}

function latin1Id(link: Buffer, at: number): string {
  return link.toString('latin1', at, at + 16);
}

/** The columns that every event is in. To look them up by their paths for each would cost more than to write them. */
function eventColumns(column: (path: ColumnPath) => ByteColumn) {
  return {
    payload: column('events/payload'),
    eventId: column('events/event_id'),
    timestamp: column('events/timestamp_ms'),
    type: column('events/event_type'),
    version: column('events/version'),
    consultation: column('events/consultation'),
    source: column('events/source'),
    timezone: column('events/timezone'),
    user: column('events/user'),
    key: column('events/key'),
    payloadEnd: column('events/payload_end'),
  };
}

type EventColumns = ReturnType<typeof eventColumns>;
