/**
 * The disk's port: every file access of the log and the segments goes through it, so that tests can run the real
 * code on a disk that lies. The HDF5 library, which cannot wait, reads and writes by the blocking half of it.
 */

import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type BlockingDisk, nodeBlockingDisk } from './blocking-disk.js';
import { type FileLock, lockFile } from './file-lock.js';

/** An open file. Offsets and lengths are in bytes. */
export interface DiskFile {
  /** Writes all of `data` at `offset`. When the file was opened `durable`, resolves after it is on stable storage. */
  write(data: Uint8Array, offset: number): Promise<void>;
  /** Reads `length` bytes at `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  size(): Promise<number>;
  truncate(length: number): Promise<void>;
  /** `fdatasync`: resolves after all that was written is on stable storage. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `read`: must exist. `create`: must not exist. `write`: must exist, for reading and writing. */
  mode: 'read' | 'create' | 'write';
  /** Each write is on stable storage when it resolves (O_DSYNC: the write and its fdatasync in one call). */
  durable?: boolean;
  /** A file that is created is for its owner alone; otherwise the group may read it. */
  isPrivate?: boolean;
}

export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /** The names in a directory, sorted; empty if there is no such directory. */
  list(directory: string): Promise<string[]>;
  /** Creates a directory and its parents, durably. */
  makeDirectory(directory: string): Promise<void>;
  /** Atomic; durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is no error. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Takes the lock of a file, which is made if need be, and waits up to `waitMs` for it. `undefined` if somebody
   * else still holds it then. A lock ends with its process, and its file is never read for what it means.
   */
  lock(path: string, options: { waitMs: number }): Promise<FileLock | undefined>;
  /** What may still be written on the disk that a directory is on. */
  freeBytes(directory: string): Promise<number>;
  /** For the HDF5 library, in a worker thread. */
  readonly blocking: BlockingDisk;
}

/** All bytes of a file; for small ones. */
export async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

async function writeFully(handle: fs.FileHandle, data: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

async function readFully(handle: fs.FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function nodeFile(handle: fs.FileHandle): DiskFile {
  return {
    write: (data, offset) => writeFully(handle, data, offset),
    read: (offset, length) => readFully(handle, offset, length),
    size: async () => (await handle.stat()).size,
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

const FLAGS = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR,
} as const;

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The disk of the machine. */
export const nodeDisk: Disk = {
  async open(path, { mode, durable = false, isPrivate = false }) {
    const flags = FLAGS[mode] | (durable ? constants.O_DSYNC : 0);
    return nodeFile(await fs.open(path, flags, isPrivate ? 0o600 : 0o640));
  },
  async list(directory) {
    try {
      return (await fs.readdir(directory)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  async makeDirectory(directory) {
    const first = await fs.mkdir(directory, { recursive: true, mode: 0o750 });
    if (first === undefined) return;
    // Each directory that was made is an entry of its parent, and is lost with it.
    for (let made = resolve(directory); ; made = dirname(made)) {
      await syncDirectory(dirname(made));
      if (made === resolve(first)) return;
    }
  },
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { force: true }),
  syncDirectory,
  lock: lockFile,
  async freeBytes(directory) {
    const { bavail, bsize } = await fs.statfs(directory);
    return bavail * bsize;
  },
  blocking: nodeBlockingDisk,
};
