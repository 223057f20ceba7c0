/**
 * Decides whether B is slower than A by more than a budget, on ratios of short pieces of work that took turns.
 *
 * Samples are added until every figure is decided or there are no more. Whoever looks several times and stops when he
 * likes what he sees is wrong more often than he thinks: the looks are therefore fixed beforehand, and the chance of an
 * error is shared out evenly between them and between the figures (Bonferroni), which holds however they depend on
 * each other.
 */
import { assert } from '../../src/domain/errors.js';
import type { Random } from '../../src/domain/seeded-random.js';
import { bootstrapInterval, type Interval } from './bootstrap-interval.js';

export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** By figure, the logarithm of B's time over A's: 0 is the same, above is slower. */
export type Sample = Readonly<Record<string, number>>;

/** Ratios of B over A, such as 1.05. */
export interface RatioLimit {
  warn: number;
  fail: number;
}

export interface ComparisonPlan {
  /** The figures that are judged. */
  limits: Readonly<Record<string, RatioLimit>>;
  /** Those of them that can be blamed, as no other is a part of them. */
  stages: readonly string[];
  /** Numbers of samples after which it is looked, ascending. */
  looks: readonly number[];
  /** The chance that any figure fails that is within its limit, over all looks. */
  alpha: number;
}

/** Ratios of B over A. */
export interface ComparedFigure {
  name: string;
  verdict: Verdict;
  /** The whole interval is beyond the level of a warning. */
  warns: boolean;
  ratio: number;
  low: number;
  high: number;
  limit: RatioLimit;
  /** The smallest ratio that would have failed in 95 of 100 comparisons as noisy as this one. */
  smallestEffect: number;
  samples: number;
}

export interface Comparison {
  verdict: Verdict;
  /** Of the stages that fail, the one that is furthest beyond its limit. */
  blamed: string | undefined;
  figures: ComparedFigure[];
  samples: number;
}

/** So many standard errors further out, 95 of 100 estimates are beyond a bound. */
const POWER_ERRORS = 1.645;

/**
 * Compares until a stage fails or all is decided, or the looks are used up, or `nextSample` has no more to give
 * (undefined: out of time). What is undecided then is inconclusive.
 */
export async function compare(
  plan: ComparisonPlan,
  nextSample: () => Promise<Sample | undefined>,
  random: Random,
): Promise<Comparison> {
  const samples: Sample[] = [];
  const decided = new Map<string, ComparedFigure>();
  const names = Object.keys(plan.limits);
  for (const look of plan.looks) {
    let isOver = false;
    while (samples.length < look && !isOver) {
      const sample = await nextSample();
      if (sample === undefined) isOver = true;
      else samples.push(sample);
    }
    if (samples.length === 0) break;
    for (const name of names) {
      // The first look that decides is the one that counts, as the error was shared out.
      if (decided.get(name)?.verdict === 'inconclusive') decided.delete(name);
      if (!decided.has(name)) decided.set(name, judged(name, samples, plan, random));
    }
    if (isOver || isDecided([...decided.values()], plan)) break;
  }
  const figures = [...decided.values()];
  const blamed = blamedStage(figures, plan);
  return {
    verdict: verdictOf(figures.map(({ verdict }) => verdict)),
    blamed,
    figures,
    samples: samples.length,
  };
}

/** Of several: one that fails fails all, and all have to pass. Nothing at all is no pass. */
export function verdictOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

function judged(
  name: string,
  samples: readonly Sample[],
  { limits, looks, alpha }: ComparisonPlan,
  random: Random,
): ComparedFigure {
  const limit = limits[name];
  assert(limit !== undefined, 'only figures with a limit are judged');
  const ratios = samples.map((sample) => sample[name] ?? Number.NaN).filter(Number.isFinite);
  const first = looks[0] ?? 0;
  if (ratios.length < first) return unknown(name, limit, ratios.length);
  // Half of the misses of an interval are on the side that fails.
  const share = (2 * alpha) / (looks.length * Object.keys(limits).length);
  const interval = bootstrapInterval(ratios, share, random);
  const [ratio, low, high] = [interval.estimate, interval.low, interval.high].map(Math.exp) as [
    number,
    number,
    number,
  ];
  const verdict = low > limit.fail ? 'fail' : high <= limit.fail ? 'pass' : 'inconclusive';
  return {
    name,
    verdict,
    warns: low > limit.warn,
    ratio,
    low,
    high,
    limit,
    smallestEffect: limit.fail * Math.exp(detectable(interval)),
    samples: ratios.length,
  };
}

const detectable = ({ estimate, low, standardError }: Interval): number =>
  estimate - low + POWER_ERRORS * standardError;

function unknown(name: string, limit: RatioLimit, samples: number): ComparedFigure {
  const nothing = { ratio: Number.NaN, low: Number.NaN, high: Number.NaN };
  const smallestEffect = Number.POSITIVE_INFINITY;
  return { name, verdict: 'inconclusive', warns: false, ...nothing, limit, smallestEffect, samples };
}

function isDecided(figures: readonly ComparedFigure[], plan: ComparisonPlan): boolean {
  return (
    blamedStage(figures, plan) !== undefined || figures.every(({ verdict }) => verdict !== 'inconclusive')
  );
}

function blamedStage(figures: readonly ComparedFigure[], { stages }: ComparisonPlan): string | undefined {
  const failed = figures.filter(({ name, verdict }) => verdict === 'fail' && stages.includes(name));
  return failed.toSorted((a, b) => b.ratio / b.limit.fail - a.ratio / a.limit.fail)[0]?.name;
}
