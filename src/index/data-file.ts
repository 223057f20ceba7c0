/**
 * Looks at an LMDB data file before LMDB does.
 *
 * LMDB maps the file and trusts it: a file that is not LMDB's, or that was cut short, ends the process with a
 * signal (SIGSEGV, SIGBUS) where an error would do. So the first bytes and the length are checked here.
 *
 * The file starts with two meta pages; the one with the higher transaction number is the current one. Within
 * each, little-endian, as LMDB 0.9.90 of npm lmdb 3.5 lays them out:
 *
 *   offset  size  field
 *       18     2  page flags; 8 for a meta page
 *       24     4  magic, 0xBEEFC0DE
 *       28     4  version of LMDB's format, 2
 *       48     4  page size
 *      136     8  number of the root page of the main tree
 *      144     8  number of the last page in use
 *      152     8  transaction
 */
import * as fs from 'node:fs/promises';

const META_BYTES = 160;
const META_PAGE_FLAG = 8;
const MAGIC = 0xbeefc0de;
const FORMAT_VERSION = 2;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 65536;

/** A state of the file: the newest that was committed, or the one before it. */
export interface Meta {
  pageBytes: number;
  mainRoot: bigint;
  lastPage: bigint;
  transaction: bigint;
}

/** What is at a path: nothing (LMDB makes a new file then), a file that can be opened, or one that cannot. */
export type DataFileCheck = 'missing' | 'sound' | { unusable: string };

/** Checks a data file. Errors of the file system (permissions, input or output) are thrown as they come. */
export async function checkDataFile(path: string): Promise<DataFileCheck> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
    throw error;
  }
  try {
    return await checkMetaPages(file);
  } finally {
    await file.close();
  }
}

async function checkMetaPages(file: fs.FileHandle): Promise<DataFileCheck> {
  if ((await file.stat()).size === 0) return 'missing';
  const meta = await readNewestMeta(file);
  if (meta === undefined) return { unusable: 'its file does not start as it should' };
  // The length is asked for after the meta pages were read: a writer at work only makes the file longer.
  const { size } = await file.stat();
  if (BigInt(size) < (meta.lastPage + 1n) * BigInt(meta.pageBytes))
    return { unusable: 'its file was cut short' };
  return 'sound';
}

/** The newest state of a data file; `undefined` if it does not start as one does. */
export async function readNewestMeta(file: fs.FileHandle): Promise<Meta | undefined> {
  const first = await readMeta(file, 0);
  const second = first && (await readMeta(file, first.pageBytes));
  if (first === undefined || second === undefined) return undefined;
  return first.transaction > second.transaction ? first : second;
}

async function readMeta(file: fs.FileHandle, offset: number): Promise<Meta | undefined> {
  const page = Buffer.alloc(META_BYTES);
  const { bytesRead } = await file.read(page, 0, META_BYTES, offset);
  const pageBytes = page.readUInt32LE(48);
  const isMeta =
    bytesRead === META_BYTES &&
    (page.readUInt16LE(18) & META_PAGE_FLAG) !== 0 &&
    page.readUInt32LE(24) === MAGIC &&
    page.readUInt32LE(28) === FORMAT_VERSION &&
    pageBytes >= PAGE_BYTES_MIN &&
    pageBytes <= PAGE_BYTES_MAX;
  if (!isMeta) return undefined;
  return {
    pageBytes,
    mainRoot: page.readBigUInt64LE(136),
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  };
}
