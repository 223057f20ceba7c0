/** Where a command writes what it answers, piece by piece: standard output, or a file that is whole or not there. */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nodeDisk } from '../ops/disk.js';
import { CommandError } from './command-error.js';
import { compressorFor } from './compressed-file.js';

/** Written bytes after which the disk is told to begin with them. */
const SYNC_BYTES = 16 * 1024 * 1024;

export interface OutputOptions {
  stdout: Writable;
  signal: AbortSignal;
}

/**
 * Writes all pieces to standard output, no faster than they are read. Resolves early when the reader has gone:
 * whoever pipes into `head` has what he wanted. Rejects with an AbortError when `signal` aborts.
 */
export async function writeToStdout(
  pieces: AsyncIterable<Buffer>,
  { stdout, signal }: OutputOptions,
): Promise<void> {
  try {
    await pipeline(pieces, stdout, { signal, end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/**
 * Writes all pieces to a file, compressed by the ending of its name. It is written beside its place, synced and
 * then renamed, so that a file of that name is never half of an answer. What is no plain file (a pipe, a device)
 * is written to as it is. Rejects with an AbortError when `signal` aborts. `written` is told of each piece whose
 * memory is not needed any more.
 */
export async function writeToFile(
  pieces: AsyncIterable<Buffer>,
  path: string,
  signal: AbortSignal,
  written: (piece: Buffer) => void = () => {},
): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new CommandError(`${path}: it is a directory; name a file in it`);
  const isPlain = existing === undefined || existing.isFile();
  const place = isPlain ? `${path}.tmp` : path;
  const compressor = await compressorFor(path);
  try {
    const file = await open(place, 'w', 0o640);
    try {
      const options = { file, isSynced: isPlain, signal };
      if (compressor === undefined) await writeAll(pieces, { ...options, written });
      else await writePacked(pieces, compressor, { ...options, written });
    } finally {
      await file.close();
    }
    if (!isPlain) return;
    await rename(place, path);
    await nodeDisk.syncDirectory(dirname(path));
  } catch (error) {
    if (isPlain) await rm(place, { force: true });
    throw fileError(error, path);
  }
}

interface WriteOptions {
  file: FileHandle;
  isSynced: boolean;
  signal: AbortSignal;
  written?: (piece: Buffer) => void;
}

/**
 * Writes all pieces; while one is written the next is made. What is synced at the end is handed to the disk on the way,
 * so that the last sync has little left to wait for.
 */
async function writeAll(pieces: AsyncIterable<Buffer>, options: WriteOptions): Promise<void> {
  const { file, isSynced, signal, written = () => {} } = options;
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> | undefined;
  let unsyncedBytes = 0;
  let failure: unknown;
  try {
    for await (const piece of pieces) {
      await writing;
      signal.throwIfAborted();
      writing = writeWhole(file, piece).then(() => written(piece));
      // It is awaited before the next one, or at the end.
      writing.catch(() => undefined);
      unsyncedBytes += piece.length;
      if (!isSynced || syncing !== undefined || unsyncedBytes < SYNC_BYTES) continue;
      unsyncedBytes = 0;
      syncing = file
        .datasync()
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          syncing = undefined;
        });
    }
  } finally {
    // The file is closed after this, whatever happened.
    await Promise.allSettled([writing, syncing]);
  }
  await writing;
  // A sync that failed is not tried again: the next one would say that all is well.
  if (failure !== undefined) throw failure;
  if (isSynced) await file.sync();
}

/** The same through a stream that compresses. */
async function writePacked(
  pieces: AsyncIterable<Buffer>,
  compressor: Transform,
  { written = () => {}, ...options }: WriteOptions,
): Promise<void> {
  const writing = pipeline(compressor, (packed: AsyncIterable<Buffer>) => writeAll(packed, options), {
    signal: options.signal,
  });
  // Where one fails so does the other, and the second knows why: each ends the stream between them.
  const [fed, wrote] = await Promise.allSettled([feed(pieces, compressor, written), writing]);
  if (wrote.status === 'rejected') throw wrote.reason;
  if (fed.status === 'rejected') throw fed.reason;
}

async function writeWhole(file: FileHandle, piece: Buffer): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const { bytesWritten } = await file.write(piece, done, piece.length - done);
    done += bytesWritten;
  }
}

/** Gives pieces to a stream one after another, each when it is through with the one before. */
async function feed(
  pieces: AsyncIterable<Buffer>,
  stream: Writable,
  written: (piece: Buffer) => void,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      await new Promise<void>((resolve, reject) => {
        stream.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      written(piece);
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
    throw error;
  }
}

/** What the file system refuses, by the name that the person knows. */
function fileError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'ENOSPC') return new CommandError(`${path}: the disk is full`, 1, { cause: error });
  const what = `${basename(path)} cannot be written in ${dirname(path)} (${code})`;
  return new CommandError(what, 1, { cause: error });
}
