/** Another implementation to check ours against: h5py, and the example program of the documentation. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

export interface PythonRun {
  status: number | null;
  events: unknown[];
  stderr: string;
}

/** Runs docs/examples/read_segment.py and parses what it prints. */
export function readWithPython(path: string, ...options: string[]): PythonRun {
  const run = spawnSync(python as string, [READ_SEGMENT, path, ...options], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return { status: run.status, events: lines.map((line) => JSON.parse(line)), stderr: run.stderr };
}
