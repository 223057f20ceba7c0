/**
 * One optimisation: what was changed, between which commits, and what `npm run bench:compare` found of it.
 *
 * bench/results/optimizations.json is a list of these, oldest first. Entries come from results of comparisons alone
 * (`npm run bench:record`); docs/OPTIMIZATION_RESULTS.md is made of them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { scalarValue } from '../harness/measures.js';
import { RESULTS } from '../harness/report.js';
import { type BenchmarkResult, type CaseResult, Surroundings } from '../harness/result.js';

export const OPTIMIZATIONS_PATH = join(RESULTS, 'optimizations.json');

const closed = { additionalProperties: false } as const;
const Text = Type.String({ minLength: 1 });

/** A time after the change over that before it: below 1 is faster. */
export const ComparedTime = Type.Object(
  {
    name: Text,
    ratio: Type.Number(),
    low: Type.Number(),
    high: Type.Number(),
    samples: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type ComparedTime = Static<typeof ComparedTime>;

export const Optimization = Type.Object(
  {
    title: Text,
    /** A sentence: what was changed, and why it should help. */
    change: Text,
    /** Short hashes of commits. */
    before: Text,
    after: Text,
    measured_at: Text,
    /** As somebody would type it, on the commit after. */
    command: Text,
    machine: Surroundings.properties.machine,
    times: Type.Array(ComparedTime, { minItems: 1 }),
  },
  closed,
);
export type Optimization = Static<typeof Optimization>;

/** All that were recorded; none where the file is missing. Throws where it does not fit. */
export async function readOptimizations(path = OPTIMIZATIONS_PATH): Promise<Optimization[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '[]';
  });
  const value: unknown = JSON.parse(text);
  const List = Type.Array(Optimization);
  if (Value.Check(List, value)) return value;
  const [first] = Value.Errors(List, value);
  throw new Error(`${path}: ${first?.instancePath || '/'} ${first?.message}`);
}

/**
 * The entry of a comparison. Throws an error that says what to do if the result is of another benchmark or of the smoke
 * size, was measured on files that no commit has, or has nothing to be quoted.
 */
export function optimizationOf(
  result: BenchmarkResult,
  { title, change }: Pick<Optimization, 'title' | 'change'>,
): Optimization {
  if (result.benchmark !== 'compare')
    throw new Error(`this is a result of bench:${result.benchmark}: record one of bench:compare`);
  if (result.size !== 'full') throw new Error('a smoke run shows nothing: run bench:compare in full');
  if (result.commit.dirty)
    throw new Error('files had changed since the commit: commit them, and compare again');
  const times = result.cases.flatMap(comparedTime);
  const before = result.cases[0]?.parameters.base;
  if (times.length === 0 || typeof before !== 'string')
    throw new Error('the comparison has no figure that may be quoted: give it more minutes');
  const { started_at, command, machine, commit } = result;
  return { title, change, before, after: commit.hash, measured_at: started_at, command, machine, times };
}

function comparedTime({ name, validity, measures }: CaseResult): ComparedTime[] {
  const [ratio, low, high, samples] = ['ratio', 'low', 'high', 'samples'].map((measure) =>
    scalarValue(measures[measure]),
  );
  if (validity.status !== 'valid') return [];
  if (ratio === undefined || low === undefined || high === undefined || !samples) return [];
  return [{ name, ratio, low, high, samples }];
}
