/** The files that an import reads, checked before anything is sent. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CommandError } from './command-error.js';

export interface ImportInput {
  /** As the person named it; `standard input` for `-`. */
  name: string;
  /** Unknown for standard input and for pipes. */
  bytes: number | undefined;
  open(): Readable;
}

/** Inputs for the names of a command line, where `-` is standard input. A CommandError names the one at fault. */
export async function importInputs(names: readonly string[], stdin: Readable): Promise<ImportInput[]> {
  if (names.filter((name) => name === '-').length > 1) {
    throw new CommandError('standard input (-) can be read once only: name it once', 2);
  }
  return Promise.all(names.map((name) => (name === '-' ? standardInput(stdin) : fileInput(name))));
}

function standardInput(stdin: Readable): ImportInput {
  return { name: 'standard input', bytes: undefined, open: () => stdin };
}

async function fileInput(name: string): Promise<ImportInput> {
  const stats = await stat(name).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.code})`;
    throw new CommandError(`${name}: ${problem}`, 1, { cause });
  });
  if (stats.isDirectory()) throw new CommandError(`${name}: it is a directory; name the files in it`);
  return { name, bytes: stats.isFile() ? stats.size : undefined, open: () => createReadStream(name) };
}
