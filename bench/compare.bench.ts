/**
 * `npm run bench:compare -- --base COMMIT`: is the service slower than at another commit, and in which stage? With
 * `--base-node` as well: than under another Node.
 *
 * The other commit is built beside this one, in a git worktree. Then pairs of services, one of each, take turns under
 * the same load, a new pair for every sample, until each figure is decided or the time is over.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { seededRandom } from '../src/domain/seeded-random.js';
import { buildCommit } from './compare/other-commit.js';
import { type PairTimes, samplePair, type Variant } from './compare/service-pair.js';
import {
  type CaseContext,
  type CaseOutcome,
  defineBenchmark,
  type Size,
  type Summary,
} from './harness/benchmark.js';
import { medianOf, scalar, scalarValue } from './harness/measures.js';
import { ROOT } from './harness/report.js';
import type { CaseResult, Check, Measure } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { appendBodies } from './support/append-requests.js';
import { readBudgets } from './verdicts/budgets.js';
import { type ComparedFigure, type Comparison, compare, type Sample } from './verdicts/comparison.js';
import { pairPlan } from './verdicts/comparison-plan.js';

/** Beside the time for the samples: to install and build the other commit. */
const BUILD_SECONDS = 600;

const TIMES: Readonly<Record<Size, PairTimes & { samples: number }>> = {
  // One sample decides nothing: it shows that it works.
  smoke: { warmUpSeconds: 0.1, blockSeconds: 0.1, rounds: 1, samples: 1 },
  full: { warmUpSeconds: 1.5, blockSeconds: 0.2, rounds: 4, samples: Number.POSITIVE_INFINITY },
};

async function measure(context: CaseContext): Promise<CaseOutcome[]> {
  const base = String(context.own.base);
  const built = String(context.own.baseDir);
  const node = String(context.own.baseNode) || process.execPath;
  const named = (commit: string): string =>
    node === process.execPath ? commit : `${commit} on Node ${versionOf(node)}`;
  if (built !== '') return measureAgainst({ checkout: built, node }, named(built), context);
  if (base === '') throw new Error('say what to compare with: --base <commit>');
  context.progress(0, `building ${base}`);
  const checkout = await buildCommit(ROOT, base, join(context.directory, 'base'));
  try {
    return await measureAgainst({ checkout: checkout.directory, node }, named(checkout.commit), context);
  } finally {
    await checkout.remove();
  }
}

/** Such as `v20.19.0`. Throws if it is no Node. */
function versionOf(node: string): string {
  return execFileSync(node, ['--version']).toString().trim();
}

async function measureAgainst(a: Variant, base: string, context: CaseContext): Promise<CaseOutcome[]> {
  const times = TIMES[context.size];
  const plan = pairPlan(await readBudgets());
  const random = seededRandom(context.seed);
  const bodies = await appendBodies(context.corpus, context.seed);
  const seconds = Number(context.own.minutes) * 60;
  const started = performance.now();
  const samples: Sample[] = [];
  const nextSample = async (): Promise<Sample | undefined> => {
    const elapsed = (performance.now() - started) / 1000;
    if (samples.length >= times.samples || elapsed > seconds) return undefined;
    context.progress(Math.min(1, elapsed / seconds), `sample ${samples.length + 1}`);
    const directory = join(context.directory, `pair-${samples.length}`);
    const variants = { a, b: { checkout: ROOT, node: process.execPath } };
    const sample = await samplePair({ variants, directory, bodies, times, random });
    samples.push(sample);
    return sample;
  };
  return outcomesOf(await compare(plan, nextSample, random), samples, base);
}

/** A row for each figure. What is not known is left out. */
function outcomesOf(comparison: Comparison, samples: readonly Sample[], base: string): CaseOutcome[] {
  return comparison.figures.map((figure) => ({
    name: figure.name,
    parameters: { base, blamed: figure.name === comparison.blamed },
    durability: 'fsync',
    invalid: [],
    measures: measuresOf(figure, samples),
  }));
}

function measuresOf(figure: ComparedFigure, samples: readonly Sample[]): Record<string, Measure> {
  const { ratio, low, high, smallestEffect, limit } = figure;
  const ratios = samples.map((sample) => Math.exp(sample[figure.name] ?? Number.NaN)).filter(Number.isFinite);
  const found = { ratio, low, high, smallest_effect: smallestEffect };
  const known = Object.entries(found).filter(([, value]) => Number.isFinite(value));
  return {
    ...Object.fromEntries(known.map(([name, value]) => [name, scalar(value, '', 'lower')])),
    ...(ratios.length > 0 && { by_sample: medianOf(ratios, '', 'lower') }),
    warns_beyond: scalar(limit.warn, ''),
    fails_beyond: scalar(limit.fail, ''),
    samples: scalar(figure.samples, 'samples'),
  };
}

function checkOf({ name, measures }: CaseResult): Check {
  const value = (measure: string): number | undefined => scalarValue(measures[measure]);
  const [low, high, limit] = [value('low'), value('high'), value('fails_beyond') ?? Number.NaN];
  const kept =
    low === undefined || high === undefined ? null : low > limit ? false : high <= limit ? true : null;
  return {
    what: `${name}, over that of the base`,
    measured: value('ratio') ?? null,
    unit: '',
    at_most: limit,
    at_least: null,
    kept,
  };
}

function summarise(rows: readonly CaseResult[]): Summary {
  const valid = rows.filter(({ validity }) => validity.status === 'valid');
  if (valid.length === 0) return { findings: [] };
  const checks = valid.map(checkOf);
  const verdict = checks.some(({ kept }) => kept === false)
    ? 'fail'
    : checks.every(({ kept }) => kept)
      ? 'pass'
      : 'inconclusive';
  const stage = valid.find(({ parameters }) => parameters.blamed)?.name;
  return {
    checks,
    findings: [
      `Against ${valid[0]?.parameters.base}: ${verdict}${stage === undefined ? '' : `, most of all in ${stage}`}.`,
      ...valid.map(findingOf),
    ],
  };
}

function findingOf({ name, measures }: CaseResult): string {
  const text = (measure: string): string => scalarValue(measures[measure])?.toFixed(3) ?? '';
  const samples = scalarValue(measures.samples);
  if (measures.ratio === undefined) return `${name}: ${samples} samples say nothing.`;
  return `${name}: ${text('ratio')} times the time of the base (${text('low')} to ${text('high')}, ${samples} samples); ${text('smallest_effect')} or more would have been found in 95 of 100 comparisons.`;
}

export const benchmark = defineBenchmark({
  name: 'compare',
  title: 'Comparison',
  question: 'Is the service slower than at another commit, and in which stage?',
  options: [
    { flags: '--base <commit>', description: 'what to compare with: anything that git knows', default: '' },
    { flags: '--base-dir <directory>', description: 'a built checkout instead of a commit', default: '' },
    {
      flags: '--base-node <executable>',
      description: 'the Node that runs it; by default the one that runs this',
      default: '',
    },
    { flags: '--minutes <number>', description: 'no new sample is taken after so long', default: 5 },
  ],
  cases: ({ own }) => [
    { name: 'compare', parameters: {}, timeLimitSeconds: BUILD_SECONDS + Number(own.minutes) * 60 },
  ],
  measure: (_parameters, context) => measure(context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
