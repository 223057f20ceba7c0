/** Figures as results keep them: histograms in microseconds, percentiles that enough samples back, medians of rounds. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { Latency, Measure, Percentiles, Scalar } from './result.js';

const MICROSECONDS_MAX = 60_000_000;
/** So many samples lie beyond a percentile that is shown: with fewer it is a matter of luck. */
const SAMPLES_BEYOND_MIN = 10;

/** An empty histogram of microseconds, from 1 µs to 60 s with three digits. */
export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MICROSECONDS_MAX,
    numberOfSignificantValueDigits: 3,
  });
}

/** Records a duration in milliseconds, as whole microseconds from 1 to 60 s. */
export function recordMs(histogram: Histogram, durationMs: number): void {
  histogram.recordValue(Math.min(MICROSECONDS_MAX, Math.max(1, Math.round(durationMs * 1000))));
}

/** The samples of a result again. */
export function histogramOf({ encoded_histogram }: Percentiles): Histogram {
  return decodeFromCompressedBase64(encoded_histogram);
}

/** Percentiles in microseconds; null where there are not enough samples. Histograms are added up, never percentiles. */
export function percentilesOf(histogram: Histogram): Percentiles {
  const count = histogram.totalCount;
  const at = (percentile: number): number | null => {
    const beyond = count * (1 - percentile / 100);
    // A hair below ten is rounding: 1,000 samples have ten beyond p99.
    return beyond >= SAMPLES_BEYOND_MIN - 1e-6 ? histogram.getValueAtPercentile(percentile) : null;
  };
  return {
    count,
    mean: count === 0 ? null : histogram.mean,
    // The middle of few samples still says something; their tail does not.
    p50: count === 0 ? null : histogram.getValueAtPercentile(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p99_9: at(99.9),
    max: count === 0 ? null : histogram.maxValue,
    encoded_histogram: encodeIntoCompressedBase64(histogram),
  };
}

/** A latency from one histogram, or at a fixed rate from two: since it was sent, and since it was due. */
export function latency(uncorrected: Histogram, corrected?: Histogram): Latency {
  return {
    kind: 'latency',
    unit: 'us',
    better: 'lower',
    uncorrected: percentilesOf(uncorrected),
    corrected: corrected === undefined ? null : percentilesOf(corrected),
  };
}

/** One figure. */
export function scalar(value: number, unit: string, better: Scalar['better'] = null): Scalar {
  return { kind: 'scalar', value, unit, better, rounds: [] };
}

/** The median of rounds, which are kept. */
export function medianOf(rounds: readonly number[], unit: string, better: Scalar['better'] = null): Scalar {
  return { kind: 'scalar', value: median(rounds), unit, better, rounds: [...rounds] };
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** The value of a scalar measure; undefined where it is missing or a latency. */
export function scalarValue(measure: Measure | undefined): number | undefined {
  return measure?.kind === 'scalar' ? measure.value : undefined;
}

/** The slope of a straight line through points, by least squares. */
export function slopeThrough(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
