/** The command line of one benchmark: `npm run bench:<name>`, with the same options for all and its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { REPORTED } from '../benchmarks.js';
import { readBudgets } from '../verdicts/budgets.js';
import { writeLatencyBudget } from '../verdicts/latency-budget.js';
import type { Benchmark, RunOptions } from './benchmark.js';
import { RESULTS, writeReport } from './report.js';
import type { BenchmarkResult, Parameters } from './result.js';
import { runBenchmark } from './run-benchmark.js';

interface CommonFlags {
  smoke?: true;
  seed: number;
  corpus: string[];
  dataDir: string;
  output?: string;
}

/**
 * Runs the benchmark if its file is the program that was started, and does nothing when it is only imported. Full runs
 * are written to bench/results/<name>.json, and the report anew; smoke runs only where --output says.
 */
export async function runAsMain(module: string, benchmark: Benchmark): Promise<void> {
  if (process.argv[1] === undefined || fileURLToPath(module) !== process.argv[1]) return;
  const args = process.argv.slice(2);
  const command = commandOf(benchmark).parse();
  const { smoke, seed, corpus, dataDir, output, ...own } = command.opts<CommonFlags & Parameters>();
  const options: RunOptions = { size: smoke ? 'smoke' : 'full', seed, corpus, own };
  const path = output ?? (smoke ? undefined : join(RESULTS, `${benchmark.name}.json`));
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const bar = new SingleBar({ format: `${benchmark.name} [{bar}] {step}` }, Presets.shades_classic);
  bar.start(1000, 0, { step: '' });
  const result = await runBenchmark({
    benchmark,
    module,
    options,
    directory: dataDir,
    command: [`npm run bench:${benchmark.name}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    onProgress: (share, step) => bar.update(Math.round(share * 1000), { step }),
    signal: interrupted.signal,
  });
  bar.stop();
  if (path !== undefined && !interrupted.signal.aborted) await writeResult(path, result);
  if (output === undefined && path !== undefined) {
    await writeReport(REPORTED);
    await writeLatencyBudget(await readBudgets(), RESULTS);
  }
  process.stdout.write(terminalReport(result));
  process.exitCode = hasFailed(result) || interrupted.signal.aborted ? 1 : 0;
}

function commandOf(benchmark: Benchmark): Command {
  const command = new Command(`bench:${benchmark.name}`)
    .description(`${benchmark.title}: ${benchmark.question}`)
    .option('--smoke', 'small and short: shows that it works; its figures mean nothing')
    .option('--seed <number>', 'seed of everything random', Number, 1)
    .option('--corpus <files...>', 'NDJSON of consultations, as for import; otherwise synthetic ones', [])
    .option(
      '--data-dir <directory>',
      'where scratch directories are made: the file system under test',
      tmpdir(),
    )
    .option('--output <file>', 'the result as JSON (full runs: bench/results/)');
  for (const { flags, description, default: value } of benchmark.options ?? []) {
    if (typeof value === 'number') command.option(flags, description, Number, value);
    else command.option(flags, description, value);
  }
  return command;
}

/** Writes a result, with its folder. */
export async function writeResult(path: string, result: BenchmarkResult): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(result, null, 1)}\n`);
}

/** Whether a case could not be measured, or a full run kept one of its own limits not. */
export function hasFailed({ cases, checks, size }: BenchmarkResult): boolean {
  const broken = cases.some(({ validity, measures }) => {
    return validity.status === 'invalid' && Object.keys(measures).length === 0;
  });
  return broken || (size === 'full' && checks.some(({ kept }) => kept === false));
}

/** For the terminal: what was found, and what is not to be trusted. */
export function terminalReport({ question, cases, checks, findings }: BenchmarkResult): string {
  const doubtful = cases.filter(({ validity }) => validity.status !== 'valid');
  const lines = [
    question,
    ...findings.map((finding) => `- ${finding}`),
    ...checks.map(({ what, measured, unit, kept }) => {
      const verdict = kept === null ? 'not decided' : kept ? 'kept' : 'EXCEEDED';
      return `- ${what}: ${measured === null ? 'not measured' : `${measured.toPrecision(4)} ${unit}`.trim()} (${verdict})`;
    }),
    ...doubtful.map(
      ({ name, validity }) => `! ${name} is ${validity.status}: ${validity.reasons.join('; ')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
