import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smokeResult } from './smoke.js';

test('the timers benchmark holds the cost of timing against that of an append', async (t) => {
  const { cases, derived, checks } = await smokeResult(t, 'timers');
  const [row] = cases;
  const { recordings, cpu_per_request: cpu, share } = row?.measures ?? {};
  assert.ok(recordings?.kind === 'scalar' && recordings.value > 0);
  if (cpu?.kind !== 'scalar') {
    t.diagnostic('the processor time of a process is not known here');
    return;
  }
  assert.ok(recordings.value < cpu.value, 'timing an append costs less than the append');
  assert.deepEqual(derived.timers_share, share);
  assert.equal(checks.length, 1);
});
