/** Tries a codec before anything depends on it: a filter that is missing should stop a start and not the first sealing. */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import type { BlockingDisk } from '../ops/blocking-disk.js';
import { type Disk, nodeDisk } from '../ops/disk.js';
import type { Codec } from './codecs/codec.js';
import { type DatasetShape, Hdf5File, loadHdf5 } from './hdf5.js';

/** Replaced by each attempt, so that one left by a crash does no harm. */
const CHECK_FILE = 'codec-check.h5.tmp';
const DATASET = 'bytes';
const CHUNK_BYTES = 16 * 1024;

/**
 * Writes a small file into `directory` with the codec's filter, and reads it back. Blocking for a few milliseconds
 * after HDF5 is loaded, so it belongs into a worker thread. One at a time in a directory.
 *
 * Throws CODEC_UNAVAILABLE with the reason if the bytes do not come back, STORAGE_FULL or NATIVE_MODULE_MISSING.
 */
export async function proveCodec(codec: Codec, directory: string, disk: Disk = nodeDisk): Promise<void> {
  const path = join(directory, CHECK_FILE);
  try {
    await loadHdf5();
    roundTrip(codec, disk.blocking, path);
  } catch (error) {
    if (error instanceof CodedError && ['STORAGE_FULL', 'NATIVE_MODULE_MISSING'].includes(error.code))
      throw error;
    throw unavailable(codec, error);
  } finally {
    await disk.remove(path).catch(() => undefined);
  }
}

function roundTrip({ filter }: Codec, disk: BlockingDisk, path: string): void {
  const bytes = Buffer.from('consultation '.repeat(CHUNK_BYTES / 4));
  const shape: DatasetShape = {
    type: 'uint8',
    width: 0,
    chunkRows: CHUNK_BYTES,
    chunkWidth: 0,
    growable: false,
    filter,
  };
  using(Hdf5File.create(disk, path), (file) => file.createDataset(DATASET, shape, bytes));
  using(Hdf5File.open(disk, path, { swmr: false }), (file) => {
    const { rows } = file.facts(DATASET);
    const isSame = rows === bytes.length && file.readRows(DATASET, shape, 0, rows).equals(bytes);
    if (!isSame) throw new Error('what was written does not come back');
  });
}

function using(file: Hdf5File, action: (file: Hdf5File) => void): void {
  try {
    action(file);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.close();
}

function unavailable({ text }: Codec, cause: unknown): CodedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The codec ${text} does not work here: ${reason} Another FI_CODEC may, such as gzip:6.`;
  return new CodedError('CODEC_UNAVAILABLE', message, { cause });
}
