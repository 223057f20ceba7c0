/** Puts records together from the columns of an open segment file. */

import { KEY_DIGEST_BYTES } from '../domain/append-key.js';
import { copyBytes, setUint16, setUint32 } from '../domain/bytes.js';
import { eventTypeOfCode } from '../domain/event-types.js';
import { RECORD_HEADER_BYTES } from '../domain/stored-event.js';
import { ColumnWindow } from './column-window.js';
import type { Hdf5File } from './hdf5.js';
import { damagedFile, type SegmentAttributes } from './segment-file.js';
import { COUNTING_COLUMN, type ColumnPath, columnsOf } from './segment-layout.js';

/** Dictionary strings kept in memory; a page of events has a handful. */
const CACHED_STRINGS_MAX = 1024;

/** What a record is made of, found before its bytes are copied. */
interface Parts {
  row: number;
  consultation: number;
  source: Buffer;
  timezone: Buffer;
  user: Buffer;
  typeCode: number;
  /** The row in /keys; -1 without a key. */
  keyRow: number;
  keyEvents: number;
  payloadStart: number;
  payloadEnd: number;
}

const NOTHING = Buffer.alloc(0);

export class RecordColumns {
  readonly #file: Hdf5File;
  readonly #windows: ReadonlyMap<ColumnPath, ColumnWindow>;
  readonly #strings = new Map<number, Buffer>();
  readonly #at: Windows;
  /** Of the row that was looked at last; one object, since a scan looks at millions. */
  readonly #parts: Parts = {
    row: -1,
    consultation: 0,
    source: NOTHING,
    timezone: NOTHING,
    user: NOTHING,
    typeCode: 0,
    keyRow: -1,
    keyEvents: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };

  /** ARCHIVE_DAMAGED if a dataset is missing or of another type. */
  constructor(file: Hdf5File, attributes: SegmentAttributes) {
    const columns = columnsOf(attributes);
    this.#file = file;
    // The counting column first: a live file may grow while we look, and the others are never behind it.
    this.#windows = new Map(
      columns.toReversed().map((column) => [column.path, new ColumnWindow(file, column)]),
    );
    this.#at = windowsOf((path) => this.window(path));
  }

  window(path: ColumnPath): ColumnWindow {
    return this.#windows.get(path) as ColumnWindow;
  }

  /** How many rows are complete: those that the counting column counts, less an end that is not written yet. */
  completeRows(): number {
    const ends = this.window(COUNTING_COLUMN);
    let rows = ends.rows;
    while (rows > 0 && ends.uint64(rows - 1) === 0) rows -= 1;
    return rows;
  }

  /** Reads the dictionaries whole, for a pass over all rows. */
  loadDictionaries(): void {
    for (const path of [
      'consultations/id',
      'consultations/session_id',
      'strings/end',
      'strings/text',
    ] as const) {
      this.window(path).load();
    }
  }

  consultation(row: number): number {
    return this.#at.consultation.uint32(row);
  }

  /** Row of the event's record, after `headroom` bytes that are left to the caller. ARCHIVE_DAMAGED if it has none. */
  record(row: number, headroom: number): Buffer {
    const bytes = Buffer.allocUnsafe(headroom + this.look(row));
    this.write(bytes, headroom);
    return bytes;
  }

  /** Finds what the record at a row is made of, and gives its bytes. ARCHIVE_DAMAGED if there is none. */
  look(row: number): number {
    const at = this.#at;
    const parts = this.#parts;
    parts.row = row;
    parts.consultation = at.consultation.uint32(row);
    parts.source = this.#string(at.source.uint32(row), 0xff);
    parts.timezone = this.#string(at.timezone.uint32(row), 0xff);
    parts.user = this.#string(at.user.uint32(row), 0xffff);
    parts.typeCode = this.#typeCode(row);
    this.#lookForPayload(row);
    this.#lookForKey(row);
    return (
      RECORD_HEADER_BYTES +
      parts.source.length +
      parts.timezone.length +
      parts.user.length +
      (parts.keyRow < 0 ? 0 : KEY_DIGEST_BYTES) +
      (parts.payloadEnd - parts.payloadStart)
    );
  }

  /** Writes the record that was looked at last. */
  write(bytes: Buffer, start: number): void {
    const at = this.#at;
    const { row, consultation, source, timezone, user, keyRow, payloadStart, payloadEnd } = this.#parts;
    at.eventId.copy(row, row + 1, bytes, start);
    at.consultationId.copy(consultation, consultation + 1, bytes, start + 16);
    at.sessionId.copy(consultation, consultation + 1, bytes, start + 32);
    at.timestamp.copy(row, row + 1, bytes, start + 48);
    setUint32(at.version.uint32(row), bytes, start + 56);
    bytes[start + 60] = this.#parts.typeCode;
    bytes[start + 61] = source.length;
    bytes[start + 62] = timezone.length;
    bytes[start + 63] = 0;
    setUint16(user.length, bytes, start + 64);
    setUint16(this.#parts.keyEvents, bytes, start + 66);
    setUint32(payloadEnd - payloadStart, bytes, start + 68);
    let end = start + RECORD_HEADER_BYTES;
    copyBytes(source, 0, source.length, bytes, end);
    end += source.length;
    copyBytes(timezone, 0, timezone.length, bytes, end);
    end += timezone.length;
    copyBytes(user, 0, user.length, bytes, end);
    end += user.length;
    if (keyRow >= 0) {
      this.window('keys/digest').copy(keyRow, keyRow + 1, bytes, end);
      end += KEY_DIGEST_BYTES;
    }
    at.payload.copy(payloadStart, payloadEnd, bytes, end);
  }

  /** The key that the event's append came with, by its row in /keys. Files of version 1 have none. */
  #lookForKey(row: number): void {
    const key = this.#at.key?.uint32(row) ?? 0;
    this.#parts.keyRow = key - 1;
    this.#parts.keyEvents = 0;
    if (key === 0) return;
    const events = this.window('keys/events').uint32(key - 1);
    if (!(events > 0 && events <= 0xffff)) {
      throw damagedFile(this.#file.name, `key ${key - 1} is of ${events} events`);
    }
    this.#parts.keyEvents = events;
  }

  /** Links go on to code that trusts their types, before the end of a scan has checked the chain. */
  #typeCode(row: number): number {
    const code = this.#at.type.uint8(row);
    if (eventTypeOfCode(code) !== undefined) return code;
    throw damagedFile(
      this.#file.name,
      `event type ${code} is not known; a newer version may have written it`,
    );
  }

  #lookForPayload(row: number): void {
    const { ends, payload } = this.#at;
    const start = row === 0 ? 0 : ends.uint64(row - 1);
    const end = ends.uint64(row);
    if (end <= start || end > payload.rows) {
      throw damagedFile(this.#file.name, `payload_end of row ${row} is not where a payload can end`);
    }
    this.#parts.payloadStart = start;
    this.#parts.payloadEnd = end;
  }

  #string(row: number, bytesMax: number): Buffer {
    let bytes = this.#strings.get(row);
    if (bytes === undefined) {
      const ends = this.window('strings/end');
      const start = row === 0 ? 0 : ends.uint64(row - 1);
      const end = ends.uint64(row);
      if (end < start || end - start > 0xffff)
        throw damagedFile(this.#file.name, `string ${row} has no valid end`);
      bytes = Buffer.alloc(end - start);
      this.window('strings/text').copy(start, end, bytes, 0);
      if (this.#strings.size >= CACHED_STRINGS_MAX) this.#strings.clear();
      this.#strings.set(row, bytes);
    }
    if (bytes.length > bytesMax) throw damagedFile(this.#file.name, `string ${row} is too long for its use`);
    return bytes;
  }
}

/** The columns that every row is in. */
interface Windows {
  consultationId: ColumnWindow;
  sessionId: ColumnWindow;
  payload: ColumnWindow;
  eventId: ColumnWindow;
  timestamp: ColumnWindow;
  type: ColumnWindow;
  version: ColumnWindow;
  consultation: ColumnWindow;
  user: ColumnWindow;
  source: ColumnWindow;
  timezone: ColumnWindow;
  /** Files of version 1 have none. */
  key: ColumnWindow | undefined;
  ends: ColumnWindow;
}

function windowsOf(window: (path: ColumnPath) => ColumnWindow): Windows {
  return {
    consultationId: window('consultations/id'),
    sessionId: window('consultations/session_id'),
    payload: window('events/payload'),
    eventId: window('events/event_id'),
    timestamp: window('events/timestamp_ms'),
    type: window('events/event_type'),
    version: window('events/version'),
    consultation: window('events/consultation'),
    user: window('events/user'),
    source: window('events/source'),
    timezone: window('events/timezone'),
    key: window('events/key'),
    ends: window(COUNTING_COLUMN),
  };
}
