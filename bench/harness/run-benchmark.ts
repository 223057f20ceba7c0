/** Runs a whole benchmark: calibration, every case in its own process, calibration again, and what follows from it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../src/domain/errors.js';
import type { Benchmark, RunOptions } from './benchmark.js';
import { calibrate, drift } from './calibration.js';
import { type BenchmarkResult, type CaseResult, checkedResult, SCHEMA_VERSION } from './result.js';
import { runCase } from './run-case.js';
import { surroundings } from './surroundings.js';

export interface RunBenchmark {
  benchmark: Benchmark;
  /** URL of the compiled file that exports it. */
  module: string;
  options: RunOptions;
  /** Where scratch directories are made: the file system under test. */
  directory: string;
  /** As somebody would type it. */
  command: string;
  /** From 0 to 1. */
  onProgress: (share: number, step: string) => void;
  signal?: AbortSignal;
}

/** The result, checked against the schema. Throws only for bugs: a case that fails is an invalid case. */
export async function runBenchmark(run: RunBenchmark): Promise<BenchmarkResult> {
  const { benchmark, options, command } = run;
  const started = performance.now();
  const directory = await mkdtemp(join(run.directory, 'fi-consult-bench-'));
  try {
    const around = surroundings(directory);
    run.onProgress(0, 'calibration');
    const before = calibrate(directory, options.size);
    const cases = await runCases(run, directory);
    const after = calibrate(directory, options.size);
    const {
      findings,
      derived = {},
      checks = [],
      charts = [],
      tables = [],
    } = benchmark.summarise(cases, options);
    run.onProgress(1, 'done');
    return checkedResult({
      schema_version: SCHEMA_VERSION,
      benchmark: benchmark.name,
      title: benchmark.title,
      question: benchmark.question,
      command,
      size: options.size,
      seed: options.seed,
      duration_seconds: (performance.now() - started) / 1000,
      ...around,
      settings: {
        corpus: options.corpus.length === 0 ? 'synthetic' : `${options.corpus.length} files`,
        ...options.own,
      },
      calibration: { before, after },
      cases,
      derived,
      checks,
      findings: [...findings, ...drift(before, after)],
      charts,
      tables,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runCases(run: RunBenchmark, directory: string): Promise<CaseResult[]> {
  const { benchmark, module, options, onProgress, signal } = run;
  const definitions = benchmark.cases(options);
  assert(
    new Set(definitions.map(({ name }) => name)).size === definitions.length,
    'names of cases are unique',
  );
  const results: CaseResult[] = [];
  for (const [index, definition] of definitions.entries()) {
    if (signal?.aborted) break;
    const tell = (share: number, step?: string): void =>
      onProgress(
        (index + share) / definitions.length,
        step === undefined ? definition.name : `${definition.name}: ${step}`,
      );
    tell(0);
    const common = { module, definition, options, directory, onProgress: tell };
    results.push(...(await runCase(signal === undefined ? common : { ...common, signal })));
  }
  return results;
}
