/** Runs a benchmark of bench/ as its command does, in its smoke size. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BenchmarkResult, readResult } from '../../bench/harness/result.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** The result as it was written; throws with what was printed if the command failed. */
export async function smokeResult(t: TestContext, name: string, ...args: string[]): Promise<BenchmarkResult> {
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'result.json');
  const program = fileURLToPath(new URL(`../../bench/${name}.bench.js`, import.meta.url));
  await promisify(execFile)(process.execPath, [
    program,
    '--smoke',
    '--output',
    output,
    '--data-dir',
    directory,
    ...args,
  ]);
  return readResult(output);
}
