/** The seeded generator: the same everywhere, and even enough. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { integerBetween, pickOne, seededRandom } from '../../src/domain/seeded-random.js';

describe('seededRandom', () => {
  it('repeats itself for the same seed and differs for another, also beyond 32 bits', () => {
    const take = (seed: number): number[] => Array.from({ length: 20 }, seededRandom(seed));
    assert.deepEqual(take(7), take(7));
    assert.notDeepEqual(take(7), take(8));
    assert.notDeepEqual(take(7), take(7 + 2 ** 32));
  });

  it('gives the same numbers as when it was written, for stored results are compared by seed', () => {
    assert.deepEqual(
      Array.from({ length: 3 }, seededRandom(42)),
      [0.29439391079358757, 0.4534398082178086, 0.9125655747484416],
    );
  });

  it('spreads evenly over [0, 1)', () => {
    const random = seededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < 100_000; index += 1) {
      const value = random();
      assert.ok(value >= 0 && value < 1);
      const place = Math.floor(value * 10);
      counts[place] = (counts[place] as number) + 1;
    }
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`);
  });

  it('refuses a seed that is no safe whole number', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => seededRandom(seed), /seed/);
  });
});

describe('integerBetween and pickOne', () => {
  it('reach both ends and every item', () => {
    const random = seededRandom(3);
    const drawn = new Set(Array.from({ length: 200 }, () => integerBetween(random, -1, 2)));
    assert.deepEqual([...drawn].sort(), [-1, 0, 1, 2]);
    const picked = new Set(Array.from({ length: 100 }, () => pickOne(random, ['a', 'b', 'c'])));
    assert.equal(picked.size, 3);
  });
});
