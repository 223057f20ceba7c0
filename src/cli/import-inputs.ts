/** The files that an import reads, checked before anything is sent. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandError } from './command-error.js';
import { decompressorFor, isCompressed } from './compressed-file.js';

export interface ImportInput {
  /** As the person named it; `standard input` for `-`. */
  name: string;
  /** Unknown for standard input, for pipes and for compressed files. */
  bytes: number | undefined;
  /** The content, decompressed by the ending of the name. */
  open(): Promise<Readable>;
}

/** Inputs for the names of a command line, where `-` is standard input. A CommandError names the one at fault. */
export async function importInputs(names: readonly string[], stdin: Readable): Promise<ImportInput[]> {
  if (names.filter((name) => name === '-').length > 1) {
    throw new CommandError('standard input (-) can be read once only: name it once', 2);
  }
  return Promise.all(names.map((name) => (name === '-' ? standardInput(stdin) : fileInput(name))));
}

function standardInput(stdin: Readable): ImportInput {
  return { name: 'standard input', bytes: undefined, open: async () => stdin };
}

async function fileInput(name: string): Promise<ImportInput> {
  const stats = await stat(name).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.code})`;
    throw new CommandError(`${name}: ${problem}`, 1, { cause });
  });
  if (stats.isDirectory()) throw new CommandError(`${name}: it is a directory; name the files in it`);
  const isCounted = stats.isFile() && !isCompressed(name);
  return { name, bytes: isCounted ? stats.size : undefined, open: () => openFile(name) };
}

async function openFile(name: string): Promise<Readable> {
  const decompressor = await decompressorFor(name);
  const file = createReadStream(name);
  if (decompressor === undefined) return file;
  // An error of the file is met by who reads what comes out of it.
  pipeline(file, decompressor).catch(() => undefined);
  return decompressor;
}
