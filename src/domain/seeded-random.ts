/** A small seeded source of pseudo-random numbers, for synthetic data and tests. Never for secrets. */
import { assert } from './errors.js';

/** A number from 0 up to, not including, 1. */
export type Random = () => number;

const WARM_UP_ROUNDS = 12;

/**
 * The generator sfc32 (Chris Doty-Humphrey, PractRand), which is small, fast and passes PractRand's tests.
 *
 * The same seed, a safe whole number from 0, gives the same numbers on every machine and version.
 */
export function seededRandom(seed: number): Random {
  assert(Number.isSafeInteger(seed) && seed >= 0, 'a seed is a safe whole number from 0');
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) next();
  return next;
}

/** A whole number from `min` to `max`, both included. */
export function integerBetween(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** One of a list that is not empty. */
export function pickOne<T>(random: Random, list: readonly T[]): T {
  assert(list.length > 0, 'there is something to pick from');
  return list[Math.floor(random() * list.length)] as T;
}
