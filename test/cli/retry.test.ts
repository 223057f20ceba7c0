/** Attempts again: how often, and after how long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, withRetries } from '../../src/cli/retry.js';
import { limits } from '../../src/domain/limits.js';

const busy = new Error('busy');

/** Fails `failures` times, then gives `done`; keeps the waits that were asked for. */
async function run(failures: number, retryAfterMs?: number) {
  const waitsMs: number[] = [];
  let attempts = 0;
  const attempt = async (): Promise<Attempt<string>> => {
    attempts += 1;
    if (attempts > failures) return { value: 'done' };
    return { error: busy, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  };
  const wait = async (ms: number): Promise<void> => {
    waitsMs.push(ms);
  };
  const outcome = await withRetries(attempt, { signal: new AbortController().signal, wait }).catch(
    (error: unknown) => error,
  );
  return { outcome, attempts, waitsMs };
}

test('gives the value of the first attempt that succeeds', async () => {
  const { outcome, attempts, waitsMs } = await run(3);
  assert.equal(outcome, 'done');
  assert.equal(attempts, 4);
  for (const [index, ms] of waitsMs.entries()) {
    assert.ok(ms >= 25 * 2 ** index && ms <= 50 * 2 ** index, `wait ${index} was ${ms} ms`);
  }
});

test('gives up after a bounded number of attempts, with the last error', async () => {
  const { outcome, attempts, waitsMs } = await run(Number.POSITIVE_INFINITY);
  assert.equal(outcome, busy);
  assert.equal(attempts, 1 + limits.importRetriesMax);
  assert.ok(waitsMs.every((ms) => ms <= limits.importRetryWaitMsMax));
});

test('waits as long as it is asked to, within the bound', async () => {
  assert.deepEqual((await run(1, 3000)).waitsMs, [3000]);
  assert.deepEqual((await run(1, 86_400_000)).waitsMs, [limits.importRetryWaitMsMax]);
});

test('does not attempt again what rejected', async () => {
  let attempts = 0;
  const attempt = async (): Promise<Attempt<never>> => {
    attempts += 1;
    throw busy;
  };
  await assert.rejects(withRetries(attempt, { signal: new AbortController().signal }), busy);
  assert.equal(attempts, 1);
});

test('ends a wait at once when it is stopped', async () => {
  const stop = new AbortController();
  let attempts = 0;
  const attempt = async (): Promise<Attempt<never>> => {
    attempts += 1;
    setImmediate(() => stop.abort());
    return { error: busy, retryAfterMs: 10_000 };
  };
  await assert.rejects(withRetries(attempt, { signal: stop.signal }), busy);
  assert.equal(attempts, 1);
});
