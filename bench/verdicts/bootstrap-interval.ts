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
  const values = Float64Array.from(figures).sort();
  const { mean, standardError } = trimmedMean(values);
  if (standardError === 0) return { estimate: mean, low: mean, high: mean, standardError };
  const drawn = new Float64Array(count);
  const timesDrawn = new Uint16Array(count);
  const distances = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    draw(values, drawn, timesDrawn, random);
    const again = trimmedMean(drawn);
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

/** As many values as there are, with replacement, ascending: counted instead of sorted, which takes a third of the time. */
function draw(values: Float64Array, drawn: Float64Array, timesDrawn: Uint16Array, random: Random): void {
  const { length } = values;
  timesDrawn.fill(0);
  for (let index = 0; index < length; index += 1) {
    const place = Math.floor(random() * length);
    timesDrawn[place] = (timesDrawn[place] as number) + 1;
  }
  let place = 0;
  for (let index = 0; index < length; index += 1) {
    for (let times = timesDrawn[index] as number; times > 0; times -= 1) {
      drawn[place] = values[index] as number;
      place += 1;
    }
  }
}
