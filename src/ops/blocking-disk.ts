/**
 * The half of the disk's port that blocks: for the HDF5 library, which asks for bytes in the middle of its work and
 * cannot wait. Only for worker threads. Nothing here is durable until the file is synced by the other half.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** An open file. Offsets and lengths are in bytes. */
export interface BlockingFile {
  /** Fills `target` with what is at `offset`, as far as the file goes, and gives how many bytes that were. */
  read(target: Uint8Array, offset: number): number;
  /** Writes all of `data` at `offset`. */
  write(data: Uint8Array, offset: number): void;
  truncate(length: number): void;
  /** Its size, and the two numbers that are the same for every opening of one file. */
  status(): { bytes: number; device: number; inode: number };
  close(): void;
}

export interface BlockingDisk {
  /** `read`: must exist. `create`: must not exist. `write`: must exist, for reading and writing. */
  open(path: string, mode: 'read' | 'create' | 'write'): BlockingFile;
  /** Removes a file; a missing one is no error. */
  remove(path: string): void;
}

const FLAGS = { read: 'r', create: 'wx+', write: 'r+' } as const;

function readFully(descriptor: number, target: Uint8Array, offset: number): number {
  let done = 0;
  while (done < target.length) {
    const bytes = readSync(descriptor, target, done, target.length - done, offset + done);
    if (bytes === 0) break;
    done += bytes;
  }
  return done;
}

function writeFully(descriptor: number, data: Uint8Array, offset: number): void {
  let done = 0;
  while (done < data.length) {
    done += writeSync(descriptor, data, done, data.length - done, offset + done);
  }
}

/** The disk of the machine. */
export const nodeBlockingDisk: BlockingDisk = {
  open(path, mode) {
    const descriptor = openSync(path, FLAGS[mode], 0o640);
    return {
      read: (target, offset) => readFully(descriptor, target, offset),
      write: (data, offset) => writeFully(descriptor, data, offset),
      truncate: (length) => ftruncateSync(descriptor, length),
      status: () => {
        const { size, dev, ino } = fstatSync(descriptor);
        return { bytes: size, device: dev, inode: ino };
      },
      close: () => closeSync(descriptor),
    };
  },
  remove: (path) => rmSync(path, { force: true }),
};
