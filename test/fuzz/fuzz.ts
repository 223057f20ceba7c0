/**
 * `npm run test:fuzz -- --inputs N --seed S`: fuzzes the real service and prints what came of it. `--set FI_NAME=VALUE` is a
 * setting of the service, and `--concurrency N` how many inputs are under way at once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FuzzReport, fuzz } from './fuzz-run.js';

const MEBIBYTE = 2 ** 20;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    concurrency: { type: 'string', default: '8' },
    set: { type: 'string', multiple: true },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed ?? Math.floor(Math.random() * 0x7fffffff));
const settings = Object.fromEntries((values.set ?? []).map((pair) => pair.split(/=(.*)/s, 2)));
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const directory = await mkdtemp(join(tmpdir(), 'fi-consult-fuzz-'));
try {
  print(`${inputs} inputs, seed ${seed}`);
  const report = await fuzz({
    inputs,
    seed,
    directory,
    settings,
    concurrency: Number(values.concurrency),
    onThird: printMemory,
  });
  for (const [outcome, count] of [...report.answers].toSorted())
    print(`${String(count).padStart(8)}  ${outcome}`);
  if (report.neverAccepted.length > 0) print(`nothing accepted: ${report.neverAccepted.join(', ')}`);
  print(`${report.acceptedEvents} events stored`);
  for (const fault of report.faults) print(`FAULT ${fault}`);
  print(report.faults.length === 0 ? 'no fault' : `${report.faults.length} faults`);
  if (report.faults.length > 0) process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

function printMemory({ inputs: sent, memory }: FuzzReport): void {
  const use = memory.at(-1);
  if (use === undefined) return;
  const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  const { heapBytes, externalBytes, rssBytes } = use;
  print(
    `after ${sent}: heap ${mebibytes(heapBytes)}, external ${mebibytes(externalBytes)}, resident ${mebibytes(rssBytes)}`,
  );
}
