import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Comparison,
  type ComparisonPlan,
  compare,
  type Sample,
  verdictOf,
} from '../../../bench/verdicts/comparison.js';
import { type Random, seededRandom } from '../../../src/domain/seeded-random.js';

const LIMIT = { warn: 1.02, fail: 1.05 };
const PLAN: ComparisonPlan = {
  limits: { hash: LIMIT, persist: LIMIT, total: LIMIT },
  stages: ['hash', 'persist'],
  looks: [12, 24, 60],
  alpha: 0.01,
};

/** Noise like that of a shared machine: normal with a deviation of 6 %, and one in ten values far above it. */
function noise(random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const pause = random() < 0.1 ? (random() - 0.5) * 2 : 0;
  return 0.06 * normal + pause;
}

/** Comparisons of a service whose stages are slower by these ratios. */
async function comparisons(count: number, seed: number, ratios: Sample): Promise<Comparison[]> {
  const random = seededRandom(seed);
  const nextSample = async (): Promise<Sample> => {
    return Object.fromEntries(
      Object.entries(ratios).map(([name, ratio]) => [name, Math.log(ratio) + noise(random)]),
    );
  };
  const outcomes: Comparison[] = [];
  for (let run = 0; run < count; run += 1) outcomes.push(await compare(PLAN, nextSample, random));
  return outcomes;
}

const countOf = (outcomes: readonly Comparison[], verdict: string): number =>
  outcomes.filter((outcome) => outcome.verdict === verdict).length;

describe('a comparison', () => {
  it('of the same fails nobody, and passes mostly', async () => {
    const outcomes = await comparisons(50, 1, { hash: 1, persist: 1, total: 1 });
    assert.equal(countOf(outcomes, 'fail'), 0);
    assert.ok(countOf(outcomes, 'pass') >= 30, `${countOf(outcomes, 'pass')} passed`);
  });

  it('fails hardly ever what is just as slow as it may be, however often it looks', async () => {
    const outcomes = await comparisons(60, 2, { hash: 1.05, persist: 1.05, total: 1 });
    assert.ok(countOf(outcomes, 'fail') <= 2, `${countOf(outcomes, 'fail')} of 60 failed`);
  });

  it('passes hardly ever what is a little slower than it may be', async () => {
    const outcomes = await comparisons(30, 3, { hash: 1.0501, persist: 1, total: 1 });
    assert.ok(countOf(outcomes, 'pass') <= 1, `${countOf(outcomes, 'pass')} of 30 passed`);
  });

  it('finds what is much slower, and blames nothing else for it', async () => {
    const outcomes = await comparisons(50, 4, { hash: 1.15, persist: 1, total: 1 });
    assert.ok(countOf(outcomes, 'fail') >= 47, `${countOf(outcomes, 'fail')} of 50 failed`);
    for (const outcome of outcomes.filter(({ verdict }) => verdict === 'fail')) {
      assert.equal(outcome.blamed, 'hash');
    }
  });

  it('would have found the smallest effect it names about 95 times of 100', async () => {
    const [same] = await comparisons(1, 5, { hash: 1.05, persist: 1, total: 1 });
    const effect = same?.figures.find(({ name }) => name === 'hash')?.smallestEffect ?? 0;
    assert.ok(effect > 1.05 && effect < 1.25, `${effect}`);
    const found = countOf(await comparisons(30, 6, { hash: effect, persist: 1, total: 1 }), 'fail');
    assert.ok(found >= 24, `${found} of 30 were found`);
  });

  it('stops at the first look that decides everything, and no sooner than at the first', async () => {
    const random = seededRandom(8);
    let asked = 0;
    const same = async (): Promise<Sample> => {
      asked += 1;
      return { hash: random() / 1000, persist: random() / 1000, total: random() / 1000 };
    };
    const { verdict, samples } = await compare(PLAN, same, random);
    assert.equal(verdict, 'pass');
    assert.equal(samples, 12);
    assert.equal(asked, 12);
  });

  it('out of time before the first look knows nothing', async () => {
    const given: Sample[] = [{ hash: 2, persist: 2, total: 2 }];
    const { verdict, figures } = await compare(PLAN, async () => given.pop(), seededRandom(1));
    assert.equal(verdict, 'inconclusive');
    for (const { ratio, low, high, smallestEffect, samples } of figures) {
      for (const bound of [ratio, low, high]) assert.ok(Number.isNaN(bound));
      assert.equal(smallestEffect, Number.POSITIVE_INFINITY);
      assert.equal(samples, 1);
    }
  });

  it('goes on while only the total fails, which names no stage', async () => {
    const random = seededRandom(9);
    const slower = async (): Promise<Sample> => {
      return { hash: noise(random), persist: 0.1 + noise(random), total: 0.1 + random() / 1000 };
    };
    const { blamed, figures, samples } = await compare(PLAN, slower, random);
    assert.equal(figures.find(({ name }) => name === 'total')?.verdict, 'fail');
    assert.equal(blamed, 'persist');
    assert.ok(samples > 12, `${samples} samples`);
  });

  it('of figures that are missing is inconclusive and not kept', async () => {
    const random = seededRandom(7);
    const only = async (): Promise<Sample> => ({ hash: noise(random) / 100 });
    const { verdict, figures } = await compare(PLAN, only, random);
    assert.equal(verdict, 'inconclusive');
    assert.equal(figures.find(({ name }) => name === 'persist')?.verdict, 'inconclusive');
  });
});

describe('a verdict over several', () => {
  it('fails with one, passes with all, and is no pass without any', () => {
    assert.equal(verdictOf(['pass', 'fail', 'inconclusive']), 'fail');
    assert.equal(verdictOf(['pass', 'inconclusive']), 'inconclusive');
    assert.equal(verdictOf(['pass', 'pass']), 'pass');
    assert.equal(verdictOf([]), 'inconclusive');
  });
});
