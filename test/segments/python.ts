/** Another implementation to check ours against: h5py, and the example program of the documentation. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Codec } from '../../src/segments/codecs/codec.js';

const CANDIDATES = ['/usr/bin/python3', 'python3'];

/** A Python that has h5py, or `undefined`. */
export const python = CANDIDATES.find((name) => spawnSync(name, ['-c', 'import h5py']).status === 0);

/** For the `skip` option of a test: `false`, or why it cannot run. */
export const withoutPython = python === undefined ? 'no python3 with h5py is installed' : false;

function repositoryRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

export const READ_SEGMENT = join(repositoryRoot(), 'docs/examples/read_segment.py');
/** Runs a Python program with an HDF5 filter made available to it, and exits with 77 where there is none. */
const HDF5_FILTERS = join(repositoryRoot(), 'test/segments/hdf5_filters.py');
const EMPTY_PROGRAM = '/dev/null';

/** For the `skip` option of a test that has h5py read files of a codec: `false`, or why it cannot run. */
export function withoutFilter({ text, filter }: Codec): string | false {
  if (withoutPython || filter === undefined) return withoutPython;
  const run = spawnSync(python as string, [HDF5_FILTERS, String(filter.id), EMPTY_PROGRAM]);
  return run.status === 0 ? false : `h5py has no filter for ${text} here`;
}

export interface PythonRun {
  status: number | null;
  events: unknown[];
  stderr: string;
}

/** Runs docs/examples/read_segment.py and parses what it prints. */
export function readWithPython(path: string, ...options: string[]): PythonRun {
  return runReader([READ_SEGMENT, path, ...options]);
}

/** The same for a file of any codec for which there is a filter. */
export function readFilteredWithPython(path: string, { filter }: Codec): PythonRun {
  return runReader([HDF5_FILTERS, String(filter?.id ?? 0), READ_SEGMENT, path].slice(filter ? 0 : 2));
}

function runReader(args: readonly string[]): PythonRun {
  const run = spawnSync(python as string, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return { status: run.status, events: lines.map((line) => JSON.parse(line)), stderr: run.stderr };
}
