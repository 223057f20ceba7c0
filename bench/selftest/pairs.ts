/**
 * What `bench:compare` says of a commit and itself.
 *
 * A comparison of pairs of processes takes minutes, so a hundred of them would take a day. Some dozens of pairs are
 * taken once, and many comparisons draw from them, in another order each. A slower stage is made by adding to its
 * ratios: how far two processes of the same code differ is the same then.
 */
import { join } from 'node:path';
import { pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import type { Stage } from '../../src/ops/stage-timers.js';
import { type PairTimes, samplePair } from '../compare/service-pair.js';
import type { CaseContext, CaseOutcome } from '../harness/benchmark.js';
import { ROOT } from '../harness/report.js';
import { appendBodies } from '../support/append-requests.js';
import { readBudgets } from '../verdicts/budgets.js';
import { type Comparison, compare, type Sample } from '../verdicts/comparison.js';
import { PARTS, pairPlan } from '../verdicts/comparison-plan.js';
import { type Kind, tally } from './tally.js';

export interface PairRuns {
  pairs: number;
  /** Drawn from them, of each kind. */
  comparisons: number;
  times: PairTimes;
  /** The share that each stage is made slower by in turn. */
  share: number;
}

/** A row for A against A, and one for each stage. */
export async function measurePairs(runs: PairRuns, context: CaseContext): Promise<CaseOutcome[]> {
  const random = seededRandom(context.seed);
  const bodies = await appendBodies(context.corpus, context.seed);
  const variant = { checkout: ROOT, node: process.execPath };
  const variants = { a: variant, b: variant };
  const pool: Sample[] = [];
  const started = performance.now();
  for (let pair = 0; pair < runs.pairs; pair += 1) {
    context.progress(pair / runs.pairs, `pair ${pair + 1} of ${runs.pairs}`);
    const directory = join(context.directory, `pair-${pair}`);
    pool.push(await samplePair({ variants, directory, bodies, times: runs.times, random }));
  }
  const secondsEach = (performance.now() - started) / 1000 / runs.pairs;
  const kinds: Kind[] = [
    { name: 'A against A, pairs of processes', stage: 'ingest', share: 0 },
    ...PARTS.map((stage) => {
      const name = `${stage} ${runs.share * 100} % slower, pairs of processes`;
      return { name, stage, share: runs.share };
    }),
  ];
  const outcomes: CaseOutcome[] = [];
  for (const kind of kinds) {
    const comparisons = await compareFrom(pool, kind, runs.comparisons, random);
    const samples = comparisons.reduce((sum, comparison) => sum + comparison.samples, 0) / comparisons.length;
    outcomes.push(tally(kind, comparisons, secondsEach * samples, { pairs: runs.pairs }));
  }
  return outcomes;
}

async function compareFrom(
  pool: readonly Sample[],
  { stage, share }: Kind,
  count: number,
  random: Random,
): Promise<Comparison[]> {
  const plan = pairPlan(await readBudgets());
  const comparisons: Comparison[] = [];
  for (let run = 0; run < count; run += 1) {
    const left = [...pool];
    const nextSample = async (): Promise<Sample | undefined> => {
      if (left.length === 0) return undefined;
      const [sample] = left.splice(left.indexOf(pickOne(random, left)), 1) as [Sample];
      return slower(sample, stage, share);
    };
    comparisons.push(await compare(plan, nextSample, random));
  }
  return comparisons;
}

const slower = (sample: Sample, stage: Stage, share: number): Sample => {
  return { ...sample, [stage]: (sample[stage] ?? Number.NaN) + Math.log1p(share) };
};
