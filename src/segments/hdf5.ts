/**
 * The one file that imports h5wasm: HDF5 files as typed columns of plain bytes, with errors translated.
 *
 * Every call blocks, so all of this belongs into a worker thread. The library is loaded by `loadHdf5` and not
 * by the import, because it costs about 130 ms and 55 MB wherever it is loaded.
 *
 * An error that the library throws skips the clean-up of its own frames: handles stay open and its stack
 * stays lowered. It goes on working, but a thread in which `hdf5HasFailed()` should be replaced when it can be.
 *
 * Bytes are little-endian on both sides. Data goes through the library's low-level calls: its `Dataset` class
 * asks for the metadata again at each call and converts between array types, which these columns do not need.
 */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Library from 'h5wasm/node';
import { assert, CodedError } from '../domain/errors.js';
import type { BlockingDisk } from '../ops/blocking-disk.js';
import type { Hdf5Filter } from './codecs/codec.js';
import { FilterGaveUpError, hdf5Error, isFilterFailure } from './hdf5-errors.js';
import { LibraryDisk } from './hdf5-files.js';

export type ElementType = 'uint8' | 'uint32' | 'int64' | 'uint64';

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  uint8: 1,
  uint32: 4,
  int64: 8,
  uint64: 8,
};

/** How a dataset is laid out. `width` 0 means one dimension, otherwise rows of `width` elements. */
export interface DatasetShape {
  type: ElementType;
  width: number;
  chunkRows: number;
  /** Elements of a row in one chunk; only with a width. */
  chunkWidth: number;
  /** Whether rows may be appended later. */
  growable: boolean;
  filter: Hdf5Filter | undefined;
}

/** What the rows of a dataset are. */
type RowShape = Pick<DatasetShape, 'type' | 'width'>;

/** What a dataset in a file is, to be compared with what it should be. */
export interface DatasetFacts {
  rows: number;
  width: number;
  elementBytes: number;
  chunkRows: number;
}

type AttributeValue = string | number | bigint | readonly string[];

const UNLIMITED = 0xffff_ffff_ffff_ffffn;

let loading: Promise<void> | undefined;
let library: typeof Library | undefined;
let libraryDisk: LibraryDisk | undefined;
let failed = false;

/** Loads the library into this thread, once. Throws NATIVE_MODULE_MISSING if it cannot be loaded. */
export function loadHdf5(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  try {
    const loaded = await import('h5wasm/node');
    await loaded.ready;
    // Without it, failures come back as numbers or null that the library itself ignores.
    loaded.Module.activate_throwing_error_handler();
    addPlugins(loaded);
    libraryDisk = new LibraryDisk(loaded.Module.FS);
    library = loaded;
  } catch (cause) {
    loading = undefined;
    throw new CodedError('NATIVE_MODULE_MISSING', 'h5wasm could not be loaded; run "npm ci" again.', {
      cause,
    });
  }
}

/**
 * Says where the filters are that are not built in; HDF5 loads one when a dataset has it. Without the package
 * everything else works, and who needs one of its filters gets CODEC_UNAVAILABLE.
 */
function addPlugins({ Module }: typeof Library): void {
  let folder: string;
  try {
    folder = fileURLToPath(new URL('./plugins', import.meta.resolve('h5wasm-plugins')));
  } catch {
    return;
  }
  Module.insert_plugin_search_path(folder, 0);
}

/** Whether the library threw in this thread, and so left handles open. */
export function hdf5HasFailed(): boolean {
  return failed;
}

/** How many bytes the library reads from files during `action`. */
export function countFileBytesRead(action: () => void): number {
  const { FS } = loaded().Module;
  const { read } = FS;
  let bytes = 0;
  FS.read = (...request) => {
    const count = read.apply(FS, request);
    bytes += count;
    return count;
  };
  try {
    action();
  } finally {
    FS.read = read;
  }
  return bytes;
}

function loaded(): typeof Library {
  assert(library !== undefined, 'loadHdf5 was awaited before HDF5 is used');
  return library;
}

function loadedDisk(): LibraryDisk {
  assert(libraryDisk !== undefined, 'loadHdf5 was awaited before HDF5 is used');
  return libraryDisk;
}

/** The bytes of one row of a dataset. */
export function rowBytes(shape: RowShape): number {
  return ELEMENT_BYTES[shape.type] * Math.max(1, shape.width);
}

function translated(thrown: unknown, file: string, writing: boolean): CodedError {
  if (thrown instanceof CodedError) return thrown;
  failed = true;
  return hdf5Error(thrown, file, writing);
}

/** An open HDF5 file. Errors: STORAGE_FULL, INTERNAL_ERROR when writing; ARCHIVE_DAMAGED, CODEC_UNAVAILABLE when reading. */
export class Hdf5File {
  readonly name: string;
  readonly #file: Library.File;
  /** What the library knows the file by. */
  readonly #announced: string;
  readonly #writing: boolean;
  /** Creating an existing name gives the old dataset back without a word, so we keep count ourselves. */
  readonly #created = new Set<string>();
  #isOpen = true;

  private constructor(disk: BlockingDisk, path: string, mode: 'r' | 'w' | 'Sr') {
    this.name = basename(path);
    this.#writing = mode === 'w';
    this.#announced = loadedDisk().announce(disk, path);
    try {
      this.#file = this.#attempt(() => new (loaded().File)(this.#announced, mode, { libver: 'v110' }));
      if (this.#file.file_id < 0n) throw translated('the file did not open', this.name, this.#writing);
    } catch (error) {
      loadedDisk().withdraw(this.#announced);
      throw error;
    }
  }

  /**
   * A new file within the bounds of HDF5 1.10, readable by its owner and group. A file of that name is
   * unlinked and not overwritten, so that who still reads it keeps what he had.
   */
  static create(disk: BlockingDisk, path: string): Hdf5File {
    try {
      disk.remove(path);
      disk.open(path, 'create').close();
    } catch (cause) {
      const full = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
      const message = `${basename(path)} cannot be created; check the data directory and its free space.`;
      throw new CodedError(full ? 'STORAGE_FULL' : 'INTERNAL_ERROR', message, { cause });
    }
    return new Hdf5File(disk, path, 'w');
  }

  /** Opens for reading; `swmr` while somebody writes it, or did so until he was killed. */
  static open(disk: BlockingDisk, path: string, { swmr }: { swmr: boolean }): Hdf5File {
    return new Hdf5File(disk, path, swmr ? 'Sr' : 'r');
  }

  createGroup(path: string): void {
    this.#claim(path);
    this.#attempt(() => this.#file.create_group(path));
  }

  /** Creates a chunked dataset with its first rows, which may be none. Also throws FilterGaveUpError. */
  createDataset(path: string, shape: DatasetShape, bytes: Buffer): void {
    this.#claim(path);
    const rows = bytes.length / rowBytes(shape);
    assert(Number.isInteger(rows), `${path} gets whole rows`);
    const twoD = shape.width > 0;
    const width = BigInt(shape.width);
    const maxRows = shape.growable ? UNLIMITED : BigInt(rows);
    const metadata = {
      type: loaded().Module.H5T_class_t.H5T_INTEGER.value,
      size: ELEMENT_BYTES[shape.type],
      signed: shape.type === 'int64',
      littleEndian: true,
      vlen: false,
      total_size: rows * Math.max(1, shape.width),
      shape: twoD ? [BigInt(rows), width] : [BigInt(rows)],
      maxshape: twoD ? [maxRows, width] : [maxRows],
      chunks: twoD ? [BigInt(shape.chunkRows), BigInt(shape.chunkWidth)] : [BigInt(shape.chunkRows)],
      compression: shape.filter?.id ?? 0,
      compression_opts: shape.filter?.options ?? [],
      track_order: false,
    };
    this.#filtering(path, shape.filter, () => {
      this.#withHeap(bytes.length, (pointer) => {
        const { Module } = loaded();
        Module.HEAPU8.set(bytes, pointer);
        return Module.create_dataset(this.#file.file_id, `/${path}`, BigInt(pointer), metadata);
      });
    });
  }

  /** Appends whole rows after the first `startRow`, which is how many there are. Also throws FilterGaveUpError. */
  appendRows(path: string, shape: DatasetShape, startRow: number, bytes: Buffer): void {
    const rows = bytes.length / rowBytes(shape);
    assert(Number.isInteger(rows), `${path} gets whole rows`);
    if (rows === 0) return;
    const { Module } = loaded();
    const id = this.#file.file_id;
    const dimensions = (n: number): bigint[] =>
      shape.width > 0 ? [BigInt(n), BigInt(shape.width)] : [BigInt(n)];
    const origin = shape.width > 0 ? [BigInt(startRow), 0n] : [BigInt(startRow)];
    const strides = origin.map(() => 1n);
    this.#check(() => Module.resize_dataset(id, `/${path}`, dimensions(startRow + rows)));
    this.#filtering(path, shape.filter, () => {
      this.#withHeap(bytes.length, (pointer) => {
        Module.HEAPU8.set(bytes, pointer);
        return Module.set_dataset_data(id, `/${path}`, dimensions(rows), origin, strides, BigInt(pointer));
      });
    });
  }

  /** The bytes of rows `startRow` to before `endRow`, which must be there; in memory of their own. */
  readRows(path: string, shape: RowShape, startRow: number, endRow: number): Buffer {
    const bytes = Buffer.allocUnsafe((endRow - startRow) * rowBytes(shape));
    this.readRowsInto(path, shape, startRow, bytes);
    return bytes;
  }

  /** Fills `bytes` with the rows from `startRow` on, which must be there. */
  readRowsInto(path: string, shape: RowShape, startRow: number, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const rows = bytes.length / rowBytes(shape);
    assert(Number.isInteger(rows), `of ${path} whole rows are read`);
    const { Module } = loaded();
    const count = BigInt(rows);
    const counts = shape.width > 0 ? [count, BigInt(shape.width)] : [count];
    const origin = shape.width > 0 ? [BigInt(startRow), 0n] : [BigInt(startRow)];
    const strides = origin.map(() => 1n);
    this.#withHeap(bytes.length, (pointer) => {
      const id = this.#file.file_id;
      const status = Module.get_dataset_data(id, `/${path}`, counts, origin, strides, BigInt(pointer));
      if (status >= 0) bytes.set(Module.HEAPU8.subarray(pointer, pointer + bytes.length));
      return status;
    });
  }

  facts(path: string): DatasetFacts {
    const metadata = this.#attempt(() =>
      loaded().Module.get_dataset_metadata(this.#file.file_id, `/${path}`),
    );
    const [rows = 0, width = 0] = metadata.shape ?? [];
    return { rows, width, elementBytes: metadata.size, chunkRows: metadata.chunks?.[0] ?? Math.max(1, rows) };
  }

  /** Sets an attribute of the file: text, a list of texts, or (a bigint) a uint64. */
  setAttribute(name: string, value: string | bigint | readonly string[]): void {
    this.#claim(`@${name}`);
    this.#attempt(() => {
      if (typeof value === 'bigint') this.#file.create_attribute(name, BigUint64Array.of(value), [], '<Q');
      else if (typeof value === 'string') this.#file.create_attribute(name, value);
      else this.#file.create_attribute(name, [...value]);
    });
  }

  /** An attribute of the file, or `undefined` if it has none of that name. */
  attribute(name: string): AttributeValue | undefined {
    return this.#attempt(() => {
      if (!loaded().Module.get_attribute_names(this.#file.file_id, '/').includes(name)) return undefined;
      return this.#file.get_attribute(name, false) as AttributeValue;
    });
  }

  /** From here on the file can be read while it grows, also after a crash; no dataset or attribute can be added. */
  startSwmrWrite(): void {
    this.#check(() => this.#file.start_swmr_write());
  }

  /** Hands everything to the operating system. It is not an fsync. */
  flush(): void {
    this.#check(() => loaded().Module.flush(this.#file.file_id));
  }

  /** Closes the file; a second time does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    loadedDisk().withdraw(this.#announced);
    this.#check(() => this.#file.close());
  }

  /** Closes the file after an error, which says more than a failure to close it would. */
  abandon(): void {
    try {
      this.close();
    } catch {
      // The error at hand is on its way already.
    }
  }

  #claim(path: string): void {
    assert(!this.#created.has(path), `${path} is created once`);
    this.#created.add(path);
  }

  /** Writes through a filter. The library says that it failed, and not why: of one that needs a gain we know. */
  #filtering(path: string, filter: Hdf5Filter | undefined, write: () => void): void {
    try {
      write();
    } catch (error) {
      throw filter?.needsGain && isFilterFailure(error)
        ? new FilterGaveUpError(path, { cause: error })
        : error;
    }
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      throw translated(thrown, this.name, this.#writing);
    }
  }

  #check(action: () => number): void {
    const status = this.#attempt(action);
    if (status < 0) throw translated(`HDF5 answered ${status}`, this.name, this.#writing);
  }

  #withHeap(bytes: number, action: (pointer: number) => number): void {
    const { Module } = loaded();
    const pointer = this.#attempt(() => Module._malloc(Math.max(1, bytes)));
    if (pointer === 0) throw translated('the HDF5 library is out of memory', this.name, this.#writing);
    try {
      this.#check(() => action(pointer));
    } finally {
      Module._free(pointer);
    }
  }
}
