/** Where a command writes what it answers, piece by piece: standard output, or a file that is whole or not there. */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nodeDisk } from '../ops/disk.js';
import { CommandError } from './command-error.js';
import { compressorFor } from './compressed-file.js';

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
 * is written to as it is. Rejects with an AbortError when `signal` aborts.
 */
export async function writeToFile(
  pieces: AsyncIterable<Buffer>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new CommandError(`${path}: it is a directory; name a file in it`);
  const isPlain = existing === undefined || existing.isFile();
  const place = isPlain ? `${path}.tmp` : path;
  const compressor = await compressorFor(path);
  try {
    const file = createWriteStream(place, { flags: 'w', mode: 0o640, flush: isPlain });
    if (compressor === undefined) await pipeline(pieces, file, { signal });
    else await pipeline(pieces, compressor, file, { signal });
    if (!isPlain) return;
    await rename(place, path);
    await nodeDisk.syncDirectory(dirname(path));
  } catch (error) {
    if (isPlain) await rm(place, { force: true });
    throw fileError(error, path);
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
