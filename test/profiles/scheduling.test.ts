import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perRequest, schedulingFacts, schedulingOf } from '../../profiles/support/scheduling.js';

test('takes what the thread waited for a core off the times of a request', () => {
  const scheduling = { ran_seconds: 3, waited_seconds: 1 };
  // 4 s by the clock, of which it ran 3: 3,000,000 µs for 1000 requests.
  assert.equal(4e6 * (perRequest(4e6, { requests: 1000, scheduling }) ?? 0), 3000);
  assert.match(schedulingFacts(scheduling)[0] ?? '', /ran 3\.00 s and waited 1\.00 s for a core, 25 %/);
});

test('takes nothing off where the kernel does not tell, or the thread ran all the time', () => {
  assert.equal(perRequest(4e6, { requests: 1000, scheduling: null }), 1 / 1000);
  assert.equal(
    perRequest(4e6, { requests: 1000, scheduling: { ran_seconds: 4.1, waited_seconds: 0 } }),
    1 / 1000,
  );
  assert.equal(perRequest(4e6, { requests: null, scheduling: null }), null);
});

const skip =
  (await schedulingOf(process.pid)) === null ? 'the kernel does not tell how long threads run' : false;
test('sees a thread that runs', { skip }, async () => {
  const before = await schedulingOf(process.pid);
  for (const until = performance.now() + 30; performance.now() < until; );
  const after = await schedulingOf(process.pid);
  assert.ok((after?.ran_seconds ?? 0) > (before?.ran_seconds ?? 0));
});
