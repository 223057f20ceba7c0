import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../bench/verdicts/comparison.js';
import { takeTurns } from '../../../bench/verdicts/take-turns.js';

test('an even drift cancels, whoever goes first, and a slower side stands out', async () => {
  for (const [chance, order] of [
    [0.1, 'abba'],
    [0.9, 'baab'],
  ] as const) {
    let ran = '';
    const block = (side: string, factor: number) => async (): Promise<Sample> => {
      ran += side;
      return { hash: factor * 1.1 ** ran.length, total: 2 };
    };
    const { hash = 0, total } = await takeTurns(
      { a: block('a', 1), b: block('b', 1.2) },
      ['hash', 'total'],
      () => chance,
    );
    assert.equal(ran, order);
    assert.ok(Math.abs(Math.exp(hash) - 1.2) < 1e-12);
    assert.equal(Math.abs(total ?? 1), 0);
  }
});

test('what a block did not measure has no ratio', async () => {
  const blocks = { a: async () => ({ hash: 1 }), b: async () => ({}) };
  const { hash } = await takeTurns(blocks, ['hash'], () => 0);
  assert.ok(Number.isNaN(hash));
});
