/** Holds results against budgets: what is kept, what is broken, and what this run cannot decide. */
import type { Size } from '../harness/benchmark.js';
import type { BenchmarkResult } from '../harness/result.js';
import type { Budget, Budgets } from './budgets.js';
import { type Verdict, verdictOf } from './comparison.js';
import { type ResultFigure, resultFigures } from './result-figure.js';

/** A budget in one case. */
export interface Judged {
  budget: Budget;
  /** The name of the case, or of the benchmark. */
  place: string;
  verdict: Verdict;
  /** All that the run leaves open is beyond the level of a warning. */
  warns: boolean;
  /** In the budget's unit; none if it is not known. */
  value: number | undefined;
  /** Why it is inconclusive; otherwise empty. */
  why: string;
}

export interface Judgement {
  verdict: Verdict;
  judged: Judged[];
}

/** Judges the budgets that hold for runs of this size. */
export function judge(
  { budgets }: Budgets,
  results: ReadonlyMap<string, BenchmarkResult>,
  size: Size,
): Judgement {
  const judged = budgets
    .filter(({ sizes }) => sizes.includes(size))
    .flatMap((budget) => {
      const result = results.get(budget.of.benchmark);
      if (result === undefined || result.size !== size) {
        const place = 'cases' in budget.of ? budget.of.cases.join('; ') : budget.of.benchmark;
        return [inconclusive(budget, place, `there is no ${size} run of bench:${budget.of.benchmark}`)];
      }
      return resultFigures(budget, result).map((figure) => judgeOne(budget, figure));
    });
  return { verdict: verdictOf(judged.map(({ verdict }) => verdict)), judged };
}

function judgeOne(budget: Budget, figure: ResultFigure): Judged {
  if ('missing' in figure) return inconclusive(budget, figure.place, figure.missing);
  const { place, value, low, high } = figure;
  const { warn, fail, unit } = budget;
  const isAtMost = budget.limit === 'at_most';
  const [best, worst] = isAtMost ? [low, high] : [high, low];
  const isBeyond = (at: number, level: number): boolean => (isAtMost ? at > level : at < level);
  const verdict = isBeyond(best, fail) ? 'fail' : isBeyond(worst, fail) ? 'inconclusive' : 'pass';
  const range = `${low.toPrecision(4)} to ${high.toPrecision(4)} ${unit}`.trim();
  const why = verdict === 'inconclusive' ? `the run leaves ${range} open` : '';
  return { budget, place, verdict, warns: isBeyond(best, warn), value, why };
}

function inconclusive(budget: Budget, place: string, why: string): Judged {
  return { budget, place, verdict: 'inconclusive', warns: false, value: undefined, why };
}
