/**
 * What a benchmark is: a question, cases that are each measured in a process of their own, and what follows from
 * their figures by rule.
 *
 * A file `bench/<name>.bench.ts` exports one as `benchmark` and ends with `await runAsMain(import.meta.url, benchmark)`.
 * It is loaded twice: by the command, which calls `cases` and `summarise`, and by each child, which calls `measure`.
 */
import type { CaseResult, Chart, Check, Durability, Measure, Parameters, Scalar, Table } from './result.js';

export type Size = 'smoke' | 'full';

/** What a run is told. Plain data: it goes to the child. */
export interface RunOptions {
  size: Size;
  seed: number;
  /** NDJSON files as `fi-consult import` takes; empty for synthetic consultations. */
  corpus: readonly string[];
  /** Values of the benchmark's own options, by the camelCase name that commander gives them. */
  own: Parameters;
}

/** One child process. */
export interface CaseDefinition {
  /** Unique in its benchmark. */
  name: string;
  /** Handed to `measure`. */
  parameters: Parameters;
  /** After so long the child is killed and the case is invalid. */
  timeLimitSeconds: number;
  /** Environment of the child, beside a clean one: for what is read when a process starts, such as UV_THREADPOOL_SIZE. */
  env?: Readonly<Record<string, string>>;
  /** Flags of Node for the child, such as `--expose-gc`. */
  nodeFlags?: readonly string[];
}

export interface CaseContext extends RunOptions {
  /** An empty directory of the case, on the file system under test; removed after it. */
  directory: string;
  /** Tells the terminal how far the case is, from 0 to 1, and what it is doing. */
  progress(share: number, step?: string): void;
}

/** One row of figures. A case gives several when it ran several things in turn, so that they can be compared. */
export interface CaseOutcome {
  name: string;
  parameters: Parameters;
  durability: Durability;
  /** Why the figures must not be quoted, if so; empty when they may. */
  invalid: readonly string[];
  measures: Readonly<Record<string, Measure>>;
}

/** What follows from the figures. Sentences are made by rule, not typed after a run. */
export interface Summary {
  derived?: Readonly<Record<string, Scalar>>;
  checks?: readonly Check[];
  findings: readonly string[];
  charts?: readonly Chart[];
  tables?: readonly Table[];
}

/** An option of the command, as commander takes it: `--events-max <number>`. */
export interface OwnOption {
  flags: string;
  description: string;
  /** Its type is that of the option: a number is parsed as one. */
  default: string | number | boolean;
}

export interface Benchmark {
  /** As in `bench/<name>.bench.ts`, `npm run bench:<name>` and `bench/results/<name>.json`. */
  name: string;
  title: string;
  /** One sentence, with its question mark. */
  question: string;
  options?: readonly OwnOption[];
  /** The cases, in the order they run. */
  cases(options: RunOptions): readonly CaseDefinition[];
  /** Runs in the child. To say that this machine cannot run a case, throw `SkippedCase`. */
  measure(parameters: Parameters, context: CaseContext): Promise<readonly CaseOutcome[]>;
  /** Runs once over all results. Figures of cases that are not valid should not be used; they are in the list. */
  summarise(cases: readonly CaseResult[], options: RunOptions): Summary;
}

/** Thrown by `measure`: the case cannot run here. The message says why, such as `bun is not installed`. */
export class SkippedCase extends Error {
  override name = 'SkippedCase';
}

/** Says that an object is a benchmark; its names are checked here, once. */
export function defineBenchmark(benchmark: Benchmark): Benchmark {
  if (!/^[a-z][a-z-]*$/.test(benchmark.name)) throw new Error(`${benchmark.name} is no name of a benchmark`);
  if (!benchmark.question.endsWith('?')) throw new Error(`${benchmark.name} asks nothing`);
  return benchmark;
}

/** A measured figure beside its limit. */
export function atMost(what: string, measured: number | undefined, limit: number, unit = ''): Check {
  const kept = measured === undefined ? null : measured <= limit;
  return { what, measured: measured ?? null, unit, at_most: limit, at_least: null, kept };
}

/** As `atMost`, for what must not be less. */
export function atLeast(what: string, measured: number | undefined, limit: number, unit = ''): Check {
  const kept = measured === undefined ? null : measured >= limit;
  return { what, measured: measured ?? null, unit, at_most: null, at_least: limit, kept };
}
