/**
 * Reads a column of an open file through a window of whole chunks, so that neighbours cost no second decoding
 * and the rest of the column is never touched.
 */
import { copyBytes, uint32 } from '../domain/bytes.js';
import type { Hdf5File } from './hdf5.js';
import { rowBytes } from './hdf5.js';
import { damagedFile } from './segment-file.js';
import type { Column } from './segment-layout.js';

/** Values are little-endian. Asking beyond the column's end is ARCHIVE_DAMAGED: another column pointed there. */
export class ColumnWindow {
  /** Rows that the file has. */
  readonly rows: number;
  readonly #file: Hdf5File;
  readonly #column: Column;
  readonly #rowBytes: number;
  readonly #chunkRows: number;
  /** Starts with the window's rows. It is filled again and again: what it once had is garbage faster than it is collected. */
  #bytes: Buffer = Buffer.alloc(0);
  #startRow = 0;
  #endRow = 0;

  /** Checks that the dataset is there and has the column's type. */
  constructor(file: Hdf5File, column: Column) {
    const { rows, width, elementBytes, chunkRows } = file.facts(column.path);
    this.#file = file;
    this.#column = column;
    this.#rowBytes = rowBytes(column);
    this.#chunkRows = chunkRows;
    this.rows = rows;
    if (width !== column.width || elementBytes * Math.max(1, width) !== this.#rowBytes) {
      throw damagedFile(file.name, `dataset ${column.path} has another type`);
    }
  }

  uint8(row: number): number {
    // Not in one expression: seeking replaces the bytes.
    const offset = this.#seek(row, row + 1);
    return this.#bytes[offset] as number;
  }

  uint32(row: number): number {
    const offset = this.#seek(row, row + 1);
    return uint32(this.#bytes, offset);
  }

  /** A 64-bit value; beyond 2^53 it is no longer exact, and no valid file has such a one. */
  uint64(row: number): number {
    const offset = this.#seek(row, row + 1);
    return uint32(this.#bytes, offset) + uint32(this.#bytes, offset + 4) * 0x1_0000_0000;
  }

  /** Copies the bytes of rows `startRow` to before `endRow`. */
  copy(startRow: number, endRow: number, target: Buffer, targetOffset: number): void {
    if (startRow === endRow) return;
    const offset = this.#seek(startRow, endRow);
    copyBytes(this.#bytes, offset, offset + (endRow - startRow) * this.#rowBytes, target, targetOffset);
  }

  /** Reads the whole column and keeps it. For a scan, which meets the rows of a dictionary in any order. */
  load(): void {
    this.#fill(0, this.rows, 0);
  }

  /** All the column's bytes. */
  all(): Buffer {
    return this.#file.readRows(this.#column.path, this.#column, 0, this.rows);
  }

  /** Where the rows start in the window, after having moved it there. */
  #seek(startRow: number, endRow: number): number {
    if (startRow < this.#startRow || endRow > this.#endRow) this.#move(startRow, endRow);
    return (startRow - this.#startRow) * this.#rowBytes;
  }

  #move(startRow: number, endRow: number): void {
    // Written so that a NaN is refused as well.
    if (!(startRow >= 0 && startRow < endRow && endRow <= this.rows)) {
      throw damagedFile(this.#file.name, `${this.#column.path} has no row ${endRow - 1}`);
    }
    const chunkRows = this.#chunkRows;
    const start = startRow - (startRow % chunkRows);
    const end = Math.min(this.rows, Math.ceil(endRow / chunkRows) * chunkRows);
    // A payload may lie across two chunks: the chunk that both windows share is kept.
    const isNext = start >= this.#startRow && start < this.#endRow && end > this.#endRow;
    this.#fill(start, end, isNext ? this.#endRow - start : 0);
  }

  /** Moves the window. Its first `keptRows` are there already. */
  #fill(start: number, end: number, keptRows: number): void {
    const length = (end - start) * this.#rowBytes;
    const keptBytes = keptRows * this.#rowBytes;
    const keptAt = (start - this.#startRow) * this.#rowBytes;
    // If reading fails, there is no window.
    this.#startRow = 0;
    this.#endRow = 0;
    const from = this.#bytes;
    if (from.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    if (keptBytes > 0) from.copy(this.#bytes, 0, keptAt, keptAt + keptBytes);
    const rest = this.#bytes.subarray(keptBytes, length);
    this.#file.readRowsInto(this.#column.path, this.#column, start + keptRows, rest);
    this.#startRow = start;
    this.#endRow = end;
  }
}
