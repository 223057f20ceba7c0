/**
 * The HDF5 file that follows the newest events while the service writes them (SWMR: single writer, many readers).
 *
 * It is uncompressed, because a SWMR writer never uses freed space again and a compressed chunk that grows
 * moves each time. It is disposable: the journal is the truth, and the file is made anew from it when needed.
 */
import { type BlockingDisk, nodeBlockingDisk } from '../ops/blocking-disk.js';
import { Hdf5File, rowBytes } from './hdf5.js';
import { SegmentBuilder } from './segment-builder.js';
import { createGroups, liveShape, writeAttributes } from './segment-file.js';
import {
  COUNTING_COLUMN,
  type Column,
  type ColumnPath,
  columnsOf,
  SEGMENT_FORMAT_VERSION,
} from './segment-layout.js';

const LIVE_COLUMNS = columnsOf({ state: 'live', formatVersion: SEGMENT_FORMAT_VERSION });

/** Blocking; `loadHdf5` must have been awaited in this thread. After an error it can only be closed. */
export class LiveSegment {
  readonly #file: Hdf5File;
  readonly #builder: SegmentBuilder;
  readonly #rowsWritten = new Map<ColumnPath, number>();

  private constructor(file: Hdf5File, firstSequence: number) {
    this.#file = file;
    this.#builder = new SegmentBuilder(firstSequence);
  }

  /** Starts a file, in place of any that is there. STORAGE_FULL or INTERNAL_ERROR if it cannot be written. */
  static create(
    path: string,
    { firstSequence, disk = nodeBlockingDisk }: { firstSequence: number; disk?: BlockingDisk },
  ): LiveSegment {
    const file = Hdf5File.create(disk, path);
    try {
      writeAttributes(file, { state: 'live', firstSequence });
      createGroups(file);
      for (const column of LIVE_COLUMNS) file.createDataset(column.path, liveShape(column), Buffer.alloc(0));
      file.startSwmrWrite();
    } catch (error) {
      file.abandon();
      throw error;
    }
    return new LiveSegment(file, firstSequence);
  }

  /** Events taken in; readers see them after `flush`. */
  get eventCount(): number {
    return this.#builder.eventCount;
  }

  /** Writes the next events, in order. LOG_DAMAGED if one does not continue its consultation. */
  append(links: readonly Buffer[]): void {
    for (const link of links) this.#builder.add(link);
    for (const column of LIVE_COLUMNS) {
      if (column.path !== COUNTING_COLUMN) this.#write(column);
    }
  }

  /** Makes all that was appended visible to readers. It is not an fsync. */
  flush(): void {
    // The count of rows must not reach a reader before the rows do; HDF5 orders writes within one dataset only.
    this.#file.flush();
    for (const column of LIVE_COLUMNS) {
      if (column.path === COUNTING_COLUMN) this.#write(column);
    }
    this.#file.flush();
  }

  /** Flushes and lets go of the file. */
  close(): void {
    try {
      this.flush();
    } catch (error) {
      this.#file.abandon();
      throw error;
    }
    this.#file.close();
  }

  #write(column: Column): void {
    const pending = this.#builder.column(column.path);
    if (pending.length === 0) return;
    const startRow = this.#rowsWritten.get(column.path) ?? 0;
    this.#file.appendRows(column.path, liveShape(column), startRow, pending.front(pending.length));
    this.#rowsWritten.set(column.path, startRow + pending.length / rowBytes(column));
    pending.drop(pending.length);
  }
}
