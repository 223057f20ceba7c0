/**
 * Whether a comparison can be believed: A against A many times, and A against an A with one slower stage.
 *
 * What is tried is what `bench:compare` decides with: the stage timers, blocks of work that take turns, the interval and
 * the looks. Both sides are one process, so that a delay can be switched on and off between two blocks; that two
 * processes of the same code differ as well is what `bench:compare` starts many of them for.
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
import { median, medianOf, scalar, scalarValue } from './harness/measures.js';
import type { CaseResult, Check, Parameters, Table } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { type Subject, startSubject } from './selftest/subject.js';
import { type Budgets, readBudgets } from './verdicts/budgets.js';
import { type ComparisonPlan, compare, type Sample } from './verdicts/comparison.js';
import { takeTurns } from './verdicts/take-turns.js';

/** The stages that a delay can be put into, and blamed for it. */
const SLOWED: readonly Stage[] = STAGES.filter((stage) => stage !== 'total');
const SHARES = [0.05, 0.1, 0.25];
/** Less than that is close to the limit, takes all looks, and nothing is promised of it: a quarter of the comparisons do. */
const FOUND_SHARE = 0.1;
const FOUND_MIN = 0.95;
const FALSE_ALARMS_MAX = 0.01;
const ALPHA = 0.01;

interface Numbers {
  warmUpAppends: number;
  /** Of a block; four blocks are a sample. */
  appends: number;
  looks: number[];
}
const NUMBERS: Readonly<Record<Size, Numbers>> = {
  smoke: { warmUpAppends: 50, appends: 5, looks: [8] },
  full: { warmUpAppends: 5000, appends: 10, looks: [16, 32, 64, 128, 256] },
};

function cases({ size, own }: RunOptions): CaseDefinition[] {
  const runs = size === 'smoke' ? 1 : Number(own.runs);
  const only = size === 'smoke' ? SLOWED.slice(-1) : SLOWED;
  const shares = size === 'smoke' ? SHARES.slice(-1) : SHARES;
  const timeLimitSeconds = 60 + runs * 30;
  return [
    { name: 'A against A', parameters: { stage: 'ingest', share: 0, runs }, timeLimitSeconds },
    ...only.flatMap((stage) =>
      shares.map((share) => {
        const name = `${stage} ${share * 100} % slower`;
        const parameters = { stage, share, runs: share < FOUND_SHARE ? Math.ceil(runs / 4) : runs };
        return { name, parameters, timeLimitSeconds };
      }),
    ),
  ];
}

/** The limits of a comparison for what the service times by itself. */
function planOf({ comparison }: Budgets, looks: readonly number[]): ComparisonPlan {
  const judged = comparison.filter(({ figure }) => STAGES.some((stage) => stage === figure));
  return {
    limits: Object.fromEntries(judged.map(({ figure, ...limit }) => [figure, limit])),
    stages: SLOWED,
    looks,
    alpha: ALPHA,
  };
}

async function measure(parameters: Parameters, context: CaseContext): Promise<CaseOutcome[]> {
  const { warmUpAppends, appends, looks } = NUMBERS[context.size];
  const [stage, share, runs] = [parameters.stage as Stage, Number(parameters.share), Number(parameters.runs)];
  const plan = planOf(await readBudgets(), looks);
  const random = seededRandom(context.seed);
  const subject = await startSubject(join(context.directory, 'data'), context.seed);
  await subject.block(warmUpAppends);
  let [failed, blamedRight, inconclusive] = [0, 0, 0];
  const [seconds, samples, ratios, effects] = [[], [], [], []] as [number[], number[], number[], number[]];
  for (let run = 0; run < runs; run += 1) {
    context.progress(run / runs, `comparison ${run + 1} of ${runs}`);
    const startedMs = performance.now();
    const outcome = await compare(plan, () => takeSample(subject, { stage, share }, appends, random), random);
    seconds.push((performance.now() - startedMs) / 1000);
    samples.push(outcome.samples);
    if (outcome.verdict === 'fail') failed += 1;
    if (outcome.verdict === 'inconclusive') inconclusive += 1;
    if (outcome.blamed === stage) blamedRight += 1;
    const slowed = outcome.figures.find(({ name }) => name === stage);
    ratios.push(slowed?.ratio ?? Number.NaN);
    effects.push(Math.max(...outcome.figures.map(({ smallestEffect }) => smallestEffect)));
  }
  await subject.close();
  const name = share === 0 ? 'A against A' : `${stage} ${share * 100} % slower`;
  return [
    {
      name,
      parameters,
      durability: 'fsync',
      invalid: [],
      measures: {
        failed: scalar(failed / runs, ''),
        blamed_right: scalar(blamedRight / runs, ''),
        inconclusive: scalar(inconclusive / runs, ''),
        ratio: medianOf(ratios, ''),
        smallest_effect: scalar(median(effects), ''),
        samples: scalar(median(samples), 'samples'),
        comparison: scalar(median(seconds), 's'),
      },
    },
  ];
}

function takeSample(
  subject: Subject,
  { stage, share }: { stage: Stage; share: number },
  appends: number,
  random: Random,
): Promise<Sample> {
  const block = (slowedBy: number) => (): Promise<Sample> => {
    subject.slow(stage, slowedBy);
    return subject.block(appends);
  };
  return takeTurns({ a: block(0), b: block(share) }, STAGES, random);
}

function checksOf(rows: readonly CaseResult[]): Check[] {
  return rows.flatMap(({ name, parameters, measures }) => {
    if (parameters.share === 0) {
      return [atMost('false alarms, A against A', scalarValue(measures.failed), FALSE_ALARMS_MAX)];
    }
    if (Number(parameters.share) < FOUND_SHARE) return [];
    return [atLeast(`found, and blamed on it: ${name}`, scalarValue(measures.blamed_right), FOUND_MIN)];
  });
}

function tableOf(rows: readonly CaseResult[]): Table {
  const cells = rows.map(({ name, parameters, measures }) => {
    const value = (measure: string): number => scalarValue(measures[measure]) ?? Number.NaN;
    const count = (measure: string): string => String(Math.round(value(measure) * Number(parameters.runs)));
    return [
      name,
      String(parameters.runs),
      count('failed'),
      parameters.share === 0 ? '–' : count('blamed_right'),
      count('inconclusive'),
      value('ratio').toFixed(3),
      value('smallest_effect').toFixed(3),
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
    note: 'Medians of ratio, of the smallest effect that would have been found in 95 of 100, and of seconds.',
  };
}

export const benchmark = defineBenchmark({
  name: 'selftest',
  title: 'Self-test',
  question: 'Does a comparison find what became slower, blame the right stage, and leave alone what did not?',
  options: [{ flags: '--runs <number>', description: 'comparisons of each kind', default: 100 }],
  cases,
  measure,
  summarise: (all) => {
    const rows = all.filter(({ validity }) => validity.status === 'valid');
    const checks = checksOf(rows);
    const kept = checks.filter((check) => check.kept).length;
    return {
      checks,
      findings: [
        `${kept} of ${checks.length} promises are kept: at most ${FALSE_ALARMS_MAX * 100} false alarm in 100, and at least ${FOUND_MIN * 100} of 100 delays of ${FOUND_SHARE * 100} % and more found in the right stage.`,
      ],
      tables: [tableOf(rows)],
    };
  },
});
await runAsMain(import.meta.url, benchmark);
