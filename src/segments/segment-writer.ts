/** Writes the datasets of a sealed file as the columns grow, a whole number of chunks at a time. */
import type { Codec } from './codecs/codec.js';
import { type Hdf5File, rowBytes } from './hdf5.js';
import type { SegmentBuilder } from './segment-builder.js';
import { sealedShape } from './segment-file.js';
import { COLUMNS, type Column, type ColumnPath } from './segment-layout.js';

/** Between two looks for full chunks; a fraction of a chunk of rows, and two chunks of payload. */
const DRAIN_EVENTS = 1024;
const DRAIN_PAYLOAD_BYTES = 512 * 1024;

/**
 * Takes full chunks from a builder's columns into a file.
 *
 * Only whole chunks are written before the end: the library compresses a chunk at each write that touches it.
 * The memory in use is so one chunk a column, plus whatever the builder was given since it last looked.
 */
export class SegmentWriter {
  readonly #file: Hdf5File;
  readonly #codec: Codec;
  readonly #builder: SegmentBuilder;
  readonly #rowsWritten = new Map<ColumnPath, number>();

  constructor(file: Hdf5File, codec: Codec, builder: SegmentBuilder) {
    this.#file = file;
    this.#codec = codec;
    this.#builder = builder;
  }

  /** Writes every full chunk, when it is likely that there are any. To be called after each event. */
  drainIfDue(): void {
    const payload = this.#builder.column('events/payload');
    if (payload.length < DRAIN_PAYLOAD_BYTES && this.#builder.eventCount % DRAIN_EVENTS !== 0) return;
    for (const column of COLUMNS) {
      const chunkBytes = column.chunkRows * rowBytes(column);
      const pending = this.#builder.column(column.path).length;
      if (pending >= chunkBytes) this.#write(column, pending - (pending % chunkBytes), false);
    }
  }

  /** Writes what is left. */
  finish(): void {
    this.#builder.finish();
    for (const column of COLUMNS) this.#write(column, this.#builder.column(column.path).length, true);
  }

  #write(column: Column, length: number, isAll: boolean): void {
    const pending = this.#builder.column(column.path);
    const bytes = pending.front(length);
    const rows = length / rowBytes(column);
    const startRow = this.#rowsWritten.get(column.path);
    const { filter } = this.#codec;
    if (startRow === undefined) {
      this.#file.createDataset(column.path, sealedShape(column, filter, isAll ? rows : undefined), bytes);
    } else {
      this.#file.appendRows(column.path, sealedShape(column, filter), startRow, bytes);
    }
    this.#rowsWritten.set(column.path, (startRow ?? 0) + rows);
    pending.drop(length);
  }
}
