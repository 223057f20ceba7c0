/** Writes the datasets of a sealed file as the columns grow, a whole number of chunks at a time. */
import type { Codec, Hdf5Filter } from './codecs/codec.js';
import { type Hdf5File, rowBytes } from './hdf5.js';
import type { SegmentBuilder } from './segment-builder.js';
import { sealedShape } from './segment-file.js';
import { COLUMNS, type Column, type ColumnPath, PAYLOAD_CHUNK_BYTES } from './segment-layout.js';

/** Between two looks for full chunks; a fraction of a chunk of rows. */
const DRAIN_EVENTS = 1024;
/** LZF gives up on what does not get smaller, as many a short column does not. */
const GAINING_BYTES_MIN = 4096;

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
  readonly #plain: ReadonlySet<string>;
  readonly #payloadChunkBytes: number;
  readonly #rowsWritten = new Map<ColumnPath, number>();

  /** The columns in `plain` are stored without a filter; if it needs a gain, so are random and short ones. */
  constructor(file: Hdf5File, codec: Codec, builder: SegmentBuilder, plain: ReadonlySet<string>) {
    this.#file = file;
    this.#codec = codec;
    this.#builder = builder;
    this.#plain = plain;
    this.#payloadChunkBytes = codec.payloadChunkBytes ?? PAYLOAD_CHUNK_BYTES;
  }

  /** Writes every full chunk, when it is likely that there are any. To be called after each event. */
  drainIfDue(): void {
    const isPayloadDue = this.#builder.column('events/payload').length >= 2 * this.#payloadChunkBytes;
    if (!isPayloadDue && this.#builder.eventCount % DRAIN_EVENTS !== 0) return;
    for (const column of COLUMNS) {
      const chunkBytes = this.#chunkRows(column) * rowBytes(column);
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
    const chunkRows = this.#chunkRows(column);
    if (startRow === undefined) {
      const filter = this.#filterOf(column, isAll ? length : undefined);
      this.#file.createDataset(
        column.path,
        sealedShape(column, chunkRows, filter, isAll ? rows : undefined),
        bytes,
      );
    } else {
      const filter = this.#filterOf(column);
      this.#file.appendRows(column.path, sealedShape(column, chunkRows, filter), startRow, bytes);
    }
    this.#rowsWritten.set(column.path, (startRow ?? 0) + rows);
    pending.drop(length);
  }
  /** `totalBytes` are all that the column will have, if that is known. */
  #filterOf({ path, isRandom }: Column, totalBytes = Number.POSITIVE_INFINITY): Hdf5Filter | undefined {
    const { filter } = this.#codec;
    if (this.#plain.has(path)) return undefined;
    const mayGain = !isRandom && totalBytes >= GAINING_BYTES_MIN;
    return filter?.needsGain && !mayGain ? undefined : filter;
  }

  #chunkRows(column: Column): number {
    return column.path === 'events/payload' ? this.#payloadChunkBytes : column.chunkRows;
  }
}
