/**
 * The figure of a result that a budget is about, with the range that the run itself leaves open.
 *
 * The range is made without any shape of noise: for a median of rounds, the lowest and the highest round, which have the true
 * median between them in all but 2^(1-n) of cases; for a percentile, the percentiles that are two standard errors
 * of its rank around it.
 */
import type { Histogram } from 'hdr-histogram-js';
import { histogramOf } from '../harness/measures.js';
import { type BenchmarkResult, type CaseResult, honest, type Measure } from '../harness/result.js';
import type { Budget } from './budgets.js';

/** With fewer rounds than this, lowest and highest promise too little: the chance to miss is over a sixteenth. */
const ROUNDS_MIN = 5;
const RANK_ERRORS = 2;

/** One figure in the unit of its budget, or why there is none. */
export type ResultFigure =
  | { place: string; value: number; low: number; high: number }
  | { place: string; missing: string };

/** The figures that a budget is about, one for each case. */
export function resultFigures({ of, unit, counts_invalid }: Budget, result: BenchmarkResult): ResultFigure[] {
  if ('derived' in of) {
    const scalar = result.derived[of.derived];
    const place = result.benchmark;
    if (scalar === undefined) return [{ place, missing: `the run has no ${of.derived}` }];
    return [{ place, ...inUnit(range(scalar, 'value'), scalar.unit, unit) }];
  }
  return of.cases.map((place) => {
    const row = result.cases.find(({ name }) => name === place);
    const fault = rowFault(row, counts_invalid === true);
    if (row === undefined || fault !== undefined) return { place, missing: fault ?? '' };
    const measure = row.measures[of.measure];
    if (measure === undefined) return { place, missing: `the case has no ${of.measure}` };
    const found = range(measure, of.figure);
    if (found === undefined) return { place, missing: `too few samples for ${of.figure}` };
    return { place, ...inUnit(found, measure.unit, unit) };
  });
}

function rowFault(row: CaseResult | undefined, countsInvalid: boolean): string | undefined {
  if (row === undefined) return 'the run has no such case';
  const { status, reasons } = row.validity;
  if (status === 'valid' || (countsInvalid && status === 'invalid')) return undefined;
  return `the case is ${status}: ${reasons.join('; ')}`;
}

interface Range {
  value: number;
  low: number;
  high: number;
}

function range(measure: Measure & { kind: 'scalar' }, figure: 'value'): Range;
function range(measure: Measure, figure: string): Range | undefined;
function range(measure: Measure, figure: string): Range | undefined {
  if (measure.kind === 'scalar') {
    const { value, rounds } = measure;
    if (rounds.length < ROUNDS_MIN) return { value, low: value, high: value };
    return { value, low: Math.min(...rounds), high: Math.max(...rounds) };
  }
  const percentiles = honest(measure);
  const value = percentiles[figure as 'p50' | 'p95' | 'p99'];
  if (value === null || value === undefined) return undefined;
  return { value, ...percentileRange(histogramOf(percentiles), Number(figure.slice(1))) };
}

/** The percentiles at two standard errors of the rank, which is binomial when samples do not depend on each other. */
function percentileRange(histogram: Histogram, percentile: number): Pick<Range, 'low' | 'high'> {
  const quantile = percentile / 100;
  const error = RANK_ERRORS * Math.sqrt((quantile * (1 - quantile)) / histogram.totalCount);
  const at = (share: number): number => histogram.getValueAtPercentile(Math.min(1, share) * 100);
  return { low: at(quantile - error), high: at(quantile + error) };
}

function inUnit({ value, low, high }: Range, from: string, to: string): Range {
  if (from === to) return { value, low, high };
  if (from !== 'us' || to !== 'ms') throw new Error(`a budget in ${to} cannot be of a figure in ${from}`);
  return { value: value / 1000, low: low / 1000, high: high / 1000 };
}
