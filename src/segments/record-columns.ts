/** Puts records together from the columns of an open segment file. */

import { KEY_DIGEST_BYTES } from '../domain/append-key.js';
import { eventTypeOfCode } from '../domain/event-types.js';
import { RECORD_HEADER_BYTES } from '../domain/stored-event.js';
import { ColumnWindow } from './column-window.js';
import { copyBytes } from './copy-bytes.js';
import type { Hdf5File } from './hdf5.js';
import { damagedFile, type SegmentAttributes } from './segment-file.js';
import { COUNTING_COLUMN, type ColumnPath, columnsOf } from './segment-layout.js';

/** Dictionary strings kept in memory; a page of events has a handful. */
const CACHED_STRINGS_MAX = 1024;

export class RecordColumns {
  readonly #file: Hdf5File;
  readonly #windows: ReadonlyMap<ColumnPath, ColumnWindow>;
  readonly #strings = new Map<number, Buffer>();

  /** ARCHIVE_DAMAGED if a dataset is missing or of another type. */
  constructor(file: Hdf5File, attributes: SegmentAttributes) {
    const columns = columnsOf(attributes);
    this.#file = file;
    // The counting column first: a live file may grow while we look, and the others are never behind it.
    this.#windows = new Map(
      columns.toReversed().map((column) => [column.path, new ColumnWindow(file, column)]),
    );
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
    return this.window('events/consultation').uint32(row);
  }

  /** Row of the event's record, after `headroom` bytes that are left to the caller. ARCHIVE_DAMAGED if it has none. */
  record(row: number, headroom: number): Buffer {
    const consultation = this.consultation(row);
    const source = this.#string(this.window('events/source').uint32(row), 0xff);
    const timezone = this.#string(this.window('events/timezone').uint32(row), 0xff);
    const user = this.#string(this.window('events/user').uint32(row), 0xffff);
    const { start, end } = this.#payloadRange(row);
    const typeCode = this.#typeCode(row);
    const texts = headroom + RECORD_HEADER_BYTES;
    const key = this.#key(row);
    const keyAt = texts + source.length + timezone.length + user.length;
    const payloadAt = keyAt + (key === undefined ? 0 : KEY_DIGEST_BYTES);
    const bytes = Buffer.allocUnsafe(payloadAt + end - start);

    this.window('events/event_id').copy(row, row + 1, bytes, headroom);
    this.window('consultations/id').copy(consultation, consultation + 1, bytes, headroom + 16);
    this.window('consultations/session_id').copy(consultation, consultation + 1, bytes, headroom + 32);
    this.window('events/timestamp_ms').copy(row, row + 1, bytes, headroom + 48);
    bytes.writeUInt32LE(this.window('events/version').uint32(row), headroom + 56);
    bytes[headroom + 60] = typeCode;
    bytes[headroom + 61] = source.length;
    bytes[headroom + 62] = timezone.length;
    bytes[headroom + 63] = 0;
    bytes.writeUInt16LE(user.length, headroom + 64);
    bytes.writeUInt16LE(key?.events ?? 0, headroom + 66);
    bytes.writeUInt32LE(end - start, headroom + 68);
    copyBytes(source, 0, source.length, bytes, texts);
    copyBytes(timezone, 0, timezone.length, bytes, texts + source.length);
    copyBytes(user, 0, user.length, bytes, texts + source.length + timezone.length);
    if (key !== undefined) this.window('keys/digest').copy(key.row, key.row + 1, bytes, keyAt);
    this.window('events/payload').copy(start, end, bytes, payloadAt);
    return bytes;
  }

  /** The key that the event's append came with, by its row in /keys. Files of version 1 have none. */
  #key(row: number): { row: number; events: number } | undefined {
    const key = this.#windows.get('events/key')?.uint32(row) ?? 0;
    if (key === 0) return undefined;
    const events = this.window('keys/events').uint32(key - 1);
    if (events > 0 && events <= 0xffff) return { row: key - 1, events };
    throw damagedFile(this.#file.name, `key ${key - 1} is of ${events} events`);
  }

  /** Links go on to code that trusts their types, before the end of a scan has checked the chain. */
  #typeCode(row: number): number {
    const code = this.window('events/event_type').uint8(row);
    if (eventTypeOfCode(code) !== undefined) return code;
    throw damagedFile(
      this.#file.name,
      `event type ${code} is not known; a newer version may have written it`,
    );
  }

  #payloadRange(row: number): { start: number; end: number } {
    const ends = this.window(COUNTING_COLUMN);
    const start = row === 0 ? 0 : ends.uint64(row - 1);
    const end = ends.uint64(row);
    if (end <= start || end > this.window('events/payload').rows) {
      throw damagedFile(this.#file.name, `payload_end of row ${row} is not where a payload can end`);
    }
    return { start, end };
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
