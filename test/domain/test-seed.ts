/** The seed of a random test: FI_TEST_SEED, so that a failure can be repeated, or a new one, which is printed. */
import type { TestContext } from 'node:test';

/** A whole number from 0 to 2^31 - 1. The test's report shows it. */
export function testSeed(t: TestContext): number {
  const given = process.env.FI_TEST_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
  t.diagnostic(`FI_TEST_SEED=${seed}`);
  return seed;
}
