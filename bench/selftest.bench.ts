/**
 * Whether a comparison can be believed: A against A many times, and A against an A with one slower stage.
 *
 * What is tried is what `bench:compare` decides with: the stage timers, blocks of work that take turns, the interval and
 * the looks. Both sides are one process, so that a delay can be switched on and off between two blocks. That two
 * processes of the same code differ as well is tried on pairs of them.
 */
import { join } from 'node:path';
import { type Random, seededRandom } from '../src/domain/seeded-random.js';
import { STAGES, type Stage } from '../src/ops/stage-timers.js';
import {
  atLeast,
  atMost,
  type CaseContext,
  type CaseDefinition,
  type CaseOutcome,
  defineBenchmark,
  type RunOptions,
  type Size,
} from './harness/benchmark.js';
import { scalarValue } from './harness/measures.js';
import type { CaseResult, Check, Parameters, Table } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { measurePairs, type PairRuns } from './selftest/pairs.js';
import { type Subject, startSubject } from './selftest/subject.js';
import { tally } from './selftest/tally.js';
import { readBudgets } from './verdicts/budgets.js';
import { type Comparison, compare, type Sample } from './verdicts/comparison.js';
import { ALPHA, blockPlan, PARTS } from './verdicts/comparison-plan.js';
import { takeTurns } from './verdicts/take-turns.js';

const SHARES = [0.05, 0.1, 0.25];
/** Less than that is close to the limit, takes all looks, and nothing is promised of it: a quarter of the comparisons do. */
const FOUND_SHARE = 0.1;
const FOUND_MIN = 0.95;

interface Numbers {
  warmUpAppends: number;
  looks: number[];
  pairs: Omit<PairRuns, 'pairs'>;
}
const NUMBERS: Readonly<Record<Size, Numbers>> = {
  smoke: {
    warmUpAppends: 50,
    looks: [8],
    pairs: {
      comparisons: 1,
      share: FOUND_SHARE,
      times: { warmUpSeconds: 0.1, blockSeconds: 0.05, rounds: 1 },
    },
  },
  full: {
    warmUpAppends: 5000,
    looks: [64, 128, 256, 512, 1024],
    pairs: {
      comparisons: 200,
      share: FOUND_SHARE,
      times: { warmUpSeconds: 1.5, blockSeconds: 0.2, rounds: 4 },
    },
  },
};

function cases({ size, own }: RunOptions): CaseDefinition[] {
  const isSmoke = size === 'smoke';
  const runs = isSmoke ? 1 : Number(own.runs);
  const pairs = isSmoke ? 1 : Number(own.pairs);
  const slowed = isSmoke ? PARTS.slice(-1) : PARTS;
  const shares = isSmoke ? SHARES.slice(-1) : SHARES;
  const blocks = (stage: Stage, share: number, count: number): CaseDefinition => {
    const name = share === 0 ? 'A against A' : `${stage} ${share * 100} % slower`;
    return { name, parameters: { name, stage, share, count }, timeLimitSeconds: 60 + count * 30 };
  };
  return [
    blocks('ingest', 0, runs),
    ...slowed.flatMap((stage) =>
      shares.map((share) => blocks(stage, share, share < FOUND_SHARE ? Math.ceil(runs / 4) : runs)),
    ),
    ...(pairs === 0
      ? []
      : [{ name: 'pairs of processes', parameters: { pairs }, timeLimitSeconds: 120 + pairs * 60 }]),
  ];
}

async function measureBlocks(
  { name, stage: slowed, share: by, count }: Parameters,
  context: CaseContext,
): Promise<CaseOutcome[]> {
  const { warmUpAppends, looks } = NUMBERS[context.size];
  const [stage, share, runs] = [slowed as Stage, Number(by), Number(count)];
  const plan = blockPlan(await readBudgets(), looks);
  const random = seededRandom(context.seed);
  const subject = await startSubject(join(context.directory, 'data'), context.seed);
  await subject.block(warmUpAppends);
  const comparisons: Comparison[] = [];
  const startedMs = performance.now();
  for (let run = 0; run < runs; run += 1) {
    context.progress(run / runs, `comparison ${run + 1} of ${runs}`);
    const nextSample = (): Promise<Sample> => takeSample(subject, { stage, share }, random);
    comparisons.push(await compare(plan, nextSample, random));
  }
  const secondsEach = (performance.now() - startedMs) / 1000 / runs;
  await subject.close();
  return [tally({ name: String(name), stage, share }, comparisons, secondsEach, {})];
}

/**
 * Blocks of one append each: one in ten is held up by the collector, the disk or the machine, and the trimmed mean of samples
 * leaves those out. In blocks of ten nearly each has one, and as many appends say much less.
 */
function takeSample(
  subject: Subject,
  { stage, share }: { stage: Stage; share: number },
  random: Random,
): Promise<Sample> {
  const block = (slowedBy: number) => (): Promise<Sample> => {
    subject.slow(stage, slowedBy);
    return subject.block(1);
  };
  return takeTurns({ a: block(0), b: block(share) }, STAGES, random);
}

/** Nothing is promised of how soon pairs of processes find something: that depends on how they differ. */
function checksOf(rows: readonly CaseResult[]): Check[] {
  return rows.flatMap(({ name, parameters, measures }) => {
    if (parameters.share === 0) {
      return [atMost(`false alarms: ${name}`, scalarValue(measures.failed), ALPHA)];
    }
    if (Number(parameters.share) < FOUND_SHARE || parameters.pairs !== undefined) return [];
    return [atLeast(`found, and blamed on it: ${name}`, scalarValue(measures.blamed_right), FOUND_MIN)];
  });
}

function tableOf(rows: readonly CaseResult[]): Table {
  const cells = rows.map(({ name, parameters, measures }) => {
    const value = (measure: string): number => scalarValue(measures[measure]) ?? Number.NaN;
    const text = (measure: string): string => scalarValue(measures[measure])?.toFixed(3) ?? '–';
    const count = (measure: string): string => String(Math.round(value(measure) * Number(parameters.runs)));
    return [
      name,
      String(parameters.runs),
      count('failed'),
      parameters.share === 0 ? '–' : count('blamed_right'),
      count('inconclusive'),
      text('ratio'),
      text('smallest_effect'),
      value('comparison').toFixed(1),
    ];
  });
  return {
    title: 'Comparisons of the service with itself',
    head: [
      '',
      'comparisons',
      'failed',
      'on the right stage',
      'undecided',
      'ratio of the stage',
      'smallest effect',
      'seconds each',
    ],
    rows: cells,
    note: 'Medians of the ratio and of the smallest effect that would have been found in 95 of 100. Comparisons of pairs of processes are drawn from the same pairs.',
  };
}

export const benchmark = defineBenchmark({
  name: 'selftest',
  title: 'Self-test',
  question: 'Does a comparison find what became slower, blame the right stage, and leave alone what did not?',
  options: [
    { flags: '--runs <number>', description: 'comparisons of each kind in one process', default: 100 },
    { flags: '--pairs <number>', description: 'pairs of processes; 0 for none', default: 40 },
  ],
  cases,
  measure: (parameters, context) => {
    const { pairs } = parameters;
    if (pairs === undefined) return measureBlocks(parameters, context);
    return measurePairs({ ...NUMBERS[context.size].pairs, pairs: Number(pairs) }, context);
  },
  summarise: (all) => {
    const rows = all.filter(({ validity }) => validity.status === 'valid');
    const checks = checksOf(rows);
    const kept = checks.filter((check) => check.kept).length;
    return {
      checks,
      findings: [
        `${kept} of ${checks.length} promises are kept: at most ${ALPHA * 100} false alarm in 100, and at least ${FOUND_MIN * 100} of 100 delays of ${FOUND_SHARE * 100} % and more found in the right stage.`,
      ],
      tables: [tableOf(rows)],
    };
  },
});
await runAsMain(import.meta.url, benchmark);
