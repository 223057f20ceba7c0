/** The dictionary of a segment in the making: each source, time zone and user once, and which row an event's are. */
import { isSame, uint16 } from '../domain/bytes.js';
import { HASH_BYTES, RECORD_HEADER_BYTES } from '../domain/stored-event.js';
import type { ByteColumn } from './byte-column.js';

/** Offsets in a link, from stored-event.ts. */
const SOURCE_BYTES = HASH_BYTES + 61;
const TIMEZONE_BYTES = HASH_BYTES + 62;
const USER_BYTES = HASH_BYTES + 64;
const TEXTS = HASH_BYTES + RECORD_HEADER_BYTES;

/** Where the texts of an event are in the dictionary. */
export interface TextRows {
  source: number;
  timezone: number;
  user: number;
}

/** The texts of the event before. Most events have the same, which are then not looked up again. */
interface NewestTexts {
  sourceBytes: number;
  timezoneBytes: number;
  userBytes: number;
  /** All three. */
  bytes: Buffer;
  rows: TextRows;
}

export class TextDictionary {
  readonly #rows = new Map<string, number>();
  readonly #text: ByteColumn;
  readonly #end: ByteColumn;
  #byteCount = 0;
  #newest: NewestTexts | undefined;

  constructor(text: ByteColumn, end: ByteColumn) {
    this.#text = text;
    this.#end = end;
  }

  /** The rows of an event's texts, which are added if they are new. */
  rowsOf(link: Buffer): TextRows {
    const sourceBytes = link[SOURCE_BYTES] as number;
    const timezoneBytes = link[TIMEZONE_BYTES] as number;
    const userBytes = uint16(link, USER_BYTES);
    const newest = this.#newest;
    if (
      newest !== undefined &&
      newest.sourceBytes === sourceBytes &&
      newest.timezoneBytes === timezoneBytes &&
      newest.userBytes === userBytes &&
      isSame(newest.bytes, 0, link, TEXTS, newest.bytes.length)
    ) {
      return newest.rows;
    }
    const timezoneStart = TEXTS + sourceBytes;
    const userStart = timezoneStart + timezoneBytes;
    const userEnd = userStart + userBytes;
    const rows = {
      source: this.#row(link, TEXTS, timezoneStart),
      timezone: this.#row(link, timezoneStart, userStart),
      user: this.#row(link, userStart, userEnd),
    };
    // A copy: a view would keep the memory that the link was read into.
    const bytes = Buffer.from(link.subarray(TEXTS, userEnd));
    this.#newest = { sourceBytes, timezoneBytes, userBytes, bytes, rows };
    return rows;
  }

  /** Bytes are compared, so that whatever was stored comes back. */
  #row(link: Buffer, start: number, end: number): number {
    const key = link.toString('latin1', start, end);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(key, row);
      this.#byteCount += end - start;
      this.#text.bytes(link, start, end);
      this.#end.uint64(this.#byteCount);
    }
    return row;
  }
}
