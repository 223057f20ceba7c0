/**
 * What each column of a segment file takes on disk, for people who look at sizes.
 *
 * The library cannot be asked, so the columns are read and the bytes that this takes from the file are counted.
 * That decodes the whole file: about as long as a scan of it.
 */
import { nodeBlockingDisk } from '../ops/blocking-disk.js';
import { countFileBytesRead, type Hdf5File, loadHdf5, rowBytes } from './hdf5.js';
import { openSegmentFile, readAttributes } from './segment-file.js';
import { type Column, type ColumnPath, columnsOf } from './segment-layout.js';

export interface ColumnSize {
  path: ColumnPath;
  /** Its chunks in the file, as the filter left them; without the file's own bookkeeping. */
  storedBytes: number;
  /** Its values, as a reader gets them. */
  rawBytes: number;
}

/** Memory that reading a column takes, beside one chunk. */
const WINDOW_BYTES = 1024 * 1024;

/**
 * The columns of a segment file, live or sealed, in the order of the layout. Blocking for about as long as a scan,
 * so it belongs into a worker thread or a command. Throws UNSUPPORTED_FORMAT, CODEC_UNAVAILABLE or ARCHIVE_DAMAGED.
 */
export async function columnSizes(path: string): Promise<ColumnSize[]> {
  await loadHdf5();
  const file = openSegmentFile(nodeBlockingDisk, path);
  try {
    return columnsOf(readAttributes(file)).map((column) => sizeOf(file, column));
  } finally {
    file.close();
  }
}

function sizeOf(file: Hdf5File, column: Column): ColumnSize {
  const { rows, chunkRows } = file.facts(column.path);
  const bytesOfRow = rowBytes(column);
  // Whole chunks, so that none is read twice.
  const windowRows = chunkRows * Math.max(1, Math.floor(WINDOW_BYTES / (chunkRows * bytesOfRow)));
  const readAll = (): void => {
    for (let start = 0; start < rows; start += windowRows) {
      file.readRows(column.path, column, start, Math.min(rows, start + windowRows));
    }
  };
  // The first pass also reads where the chunks are, which the library then keeps.
  readAll();
  return { path: column.path, storedBytes: countFileBytesRead(readAll), rawBytes: rows * bytesOfRow };
}
