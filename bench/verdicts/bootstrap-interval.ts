/**
 * How far the middle of a few noisy figures can be from where it seems to be.
 *
 * A symmetric bootstrap-t interval of the trimmed mean: the figures are drawn again many times, and how many of its own
 * standard errors each draw's mean is off says how many to allow. It assumes no shape of the noise, and holds what it
 * promises with few figures where the plain percentile bootstrap does not (Wilcox 2012, "Introduction to Robust
 * Estimation and Hypothesis Testing", 4.4).
 */
import { assert } from '../../src/domain/errors.js';
import type { Random } from '../../src/domain/seeded-random.js';
import { trimmedMean } from './trimmed-mean.js';

const RESAMPLES = 4000;
/** Fewer figures leave nothing to draw from. */
const FIGURES_MIN = 5;

export interface Interval {
  estimate: number;
  low: number;
  high: number;
  standardError: number;
}

/** Contains the true middle in all but `alpha` of cases, half of the misses on each side. Needs five figures or more. */
export function bootstrapInterval(figures: readonly number[], alpha: number, random: Random): Interval {
  const count = figures.length;
  assert(count >= FIGURES_MIN, `${count} figures are too few for an interval`);
  const values = Float64Array.from(figures);
  const { mean, standardError } = trimmedMean(values.toSorted());
  if (standardError === 0) return { estimate: mean, low: mean, high: mean, standardError };
  const drawn = new Float64Array(count);
  const distances = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    for (let index = 0; index < count; index += 1)
      drawn[index] = values[Math.floor(random() * count)] as number;
    const again = trimmedMean(drawn.sort());
    // A draw of one figure over and over knows nothing of its error: it counts as far off.
    distances[resample] =
      again.standardError === 0
        ? Number.POSITIVE_INFINITY
        : Math.abs(again.mean - mean) / again.standardError;
  }
  const allowed = distances.sort()[Math.ceil((1 - alpha) * RESAMPLES) - 1] as number;
  const halfWidth = allowed * standardError;
  return { estimate: mean, low: mean - halfWidth, high: mean + halfWidth, standardError };
}
