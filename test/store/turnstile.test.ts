import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turnstile } from '../../src/store/turnstile.js';

/** Work that ends when it is told to. */
function held() {
  let end: (error?: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { ended, end };
}

test('lets so many through at once, in the order they came, and refuses whom it has no place for', async () => {
  const turnstile = new Turnstile(2, 2);
  const begun: number[] = [];
  const works = [0, 1, 2, 3].map(() => held());
  const done = works.map(({ ended }, index) =>
    turnstile.through(async () => {
      begun.push(index);
      await ended;
      return index;
    }),
  );
  assert.deepEqual(begun, [0, 1]);
  await assert.rejects(
    turnstile.through(async () => 4),
    { code: 'OVERLOADED' },
  );
  works[1]?.end();
  assert.equal(await done[1], 1);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const { end } of works) end();
  assert.deepEqual(await Promise.all(done), [0, 1, 2, 3]);
  assert.equal(await turnstile.through(async () => 5), 5);
});

test('gives the place of work that failed to the next', async () => {
  const turnstile = new Turnstile(1, 1);
  const work = held();
  const failed = turnstile.through(() => work.ended);
  const next = turnstile.through(async () => 'next');
  work.end(new Error('it failed'));
  await assert.rejects(failed, /it failed/);
  assert.equal(await next, 'next');
});
