import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapInterval } from '../../../bench/verdicts/bootstrap-interval.js';
import { trimmedMean } from '../../../bench/verdicts/trimmed-mean.js';
import { seededRandom } from '../../../src/domain/seeded-random.js';

test('the trimmed mean and its error are those of the worked example of the literature', () => {
  // Wilcox 2012, chapter 3: self-awareness data; 20 % trimmed mean 282.7, its standard error 56.1.
  const awareness = [
    77, 87, 88, 114, 151, 210, 219, 246, 253, 262, 296, 299, 306, 376, 428, 515, 666, 1310, 2611,
  ];
  const { mean, standardError } = trimmedMean(Float64Array.from(awareness));
  assert.ok(Math.abs(mean - 282.7) < 0.05, `${mean}`);
  assert.ok(Math.abs(standardError - 56.1) < 0.1, `${standardError}`);
});

test('one value however large moves the trimmed mean by nothing', () => {
  const values = Float64Array.from({ length: 20 }, (_, index) => index);
  const far = values.with(19, 1e9);
  assert.deepEqual(trimmedMean(far), trimmedMean(values));
});

test('an interval holds the true middle as often as it says, with few and skewed figures', () => {
  const random = seededRandom(11);
  // Lognormal: its trimmed mean is taken from many of them.
  const draw = (): number => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.exp(0.5 * normal);
  };
  const truth = trimmedMean(Float64Array.from({ length: 400_000 }, draw).sort()).mean;
  const trials = 300;
  let missed = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const { low, high } = bootstrapInterval(Array.from({ length: 12 }, draw), 0.05, random);
    if (truth < low || truth > high) missed += 1;
  }
  // 15 are expected; four standard deviations of a binomial are 15 more.
  assert.ok(missed <= 30, `${missed} of ${trials} missed`);
});

test('the same figures and seed give the same interval; equal figures one of no width', () => {
  const figures = [1, 2, 3, 4, 5, 9];
  const once = bootstrapInterval(figures, 0.05, seededRandom(3));
  assert.deepEqual(bootstrapInterval(figures, 0.05, seededRandom(3)), once);
  assert.ok(once.low < once.estimate && once.estimate < once.high);
  const { low, high } = bootstrapInterval([2, 2, 2, 2, 2], 0.05, seededRandom(3));
  assert.deepEqual([low, high], [2, 2]);
});

test('a surer interval is wider', () => {
  const figures = Array.from({ length: 16 }, (_, index) => Math.sin(index * 7));
  const at = (alpha: number): number => {
    const { low, high } = bootstrapInterval(figures, alpha, seededRandom(4));
    return high - low;
  };
  assert.ok(at(0.001) > at(0.05));
});
