import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atEndOfTurn, endTurn } from '../../src/ops/turn.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('runs what waits once the turn is over, in the order it came', async () => {
  const ran: string[] = [];
  atEndOfTurn(() => ran.push('first'));
  atEndOfTurn(() => ran.push('second'));
  await Promise.resolve();
  assert.deepEqual(ran, []);
  await nextTurn();
  assert.deepEqual(ran, ['first', 'second']);
});

test('ends a turn early for who asks, once, and leaves what is added meanwhile to the next', async () => {
  const ran: string[] = [];
  atEndOfTurn(() => {
    ran.push('early');
    atEndOfTurn(() => ran.push('next'));
  });
  endTurn();
  assert.deepEqual(ran, ['early']);
  await nextTurn();
  await nextTurn();
  assert.deepEqual(ran, ['early', 'next']);
});
