import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_NAMES, summarise } from '../../bench/background/summarise.js';
import { medianOf, scalar, scalarValue } from '../../bench/harness/measures.js';
import type { CaseResult } from '../../bench/harness/result.js';
import { smokeResult } from './smoke.js';

test('the background benchmark seals and verifies beside appends, each in its own rounds', async (t) => {
  const { cases, checks } = await smokeResult(t, 'background');
  const value = (name: string, measure: string): number | undefined =>
    scalarValue(cases.find((row) => row.name === name)?.measures[measure]);
  for (const { name, durability, measures } of cases) {
    assert.equal(durability, 'fsync');
    assert.ok(measures.latency?.kind === 'latency' && measures.latency.corrected !== null, name);
  }
  const { nothing, busy, sealing, verifying } = SERVICE_NAMES;
  assert.ok((value(sealing, 'segments_sealed') ?? 0) > 0);
  for (const name of [nothing, busy, verifying]) assert.equal(value(name, 'segments_sealed'), 0);
  assert.ok((value(verifying, 'verifications') ?? 0) > 0);
  for (const name of [nothing, busy, sealing]) assert.equal(value(name, 'verifications'), 0);
  assert.equal(checks.length, 3);
});

function row(background: keyof typeof SERVICE_NAMES, p50s: number[], threads: number): CaseResult {
  return {
    name: SERVICE_NAMES[background],
    process: 'in turn',
    parameters: { background, rate: 1000 },
    durability: 'fsync',
    validity: { status: 'valid', reasons: [] },
    measures: {
      round_p50: medianOf(p50s, 'us', 'lower'),
      round_p95: medianOf(p50s, 'us', 'lower'),
      threads_peak: scalar(threads, 'threads', 'lower'),
    },
  };
}

test('compares within each round, and tells what is slowed down or has too many threads', () => {
  const quiet = row('nothing', [100, 1000, 100], 13);
  const kept = summarise([
    quiet,
    row('sealing', [120, 1100, 130], 14),
    row('verifying', [110, 900, 150], 13),
    row('busy', [200, 900, 100], 13),
  ]);
  assert.equal(kept.derived?.sealing_over_quiet_p50?.value, 1.2);
  assert.deepEqual(kept.derived?.sealing_over_quiet_p50?.rounds, [1.2, 1.1, 1.3]);
  assert.equal(kept.derived?.verifying_over_quiet_p95?.value, 1.1);
  assert.deepEqual(kept.derived?.verifying_over_busy_p95?.rounds, [0.55, 1, 1.5]);
  assert.equal(kept.derived?.sealing_threads_more?.value, 1);
  assert.deepEqual(
    kept.checks?.map((check) => check.kept),
    [true, true, true],
  );
  const broken = summarise([
    quiet,
    row('sealing', [160, 1600, 160], 15),
    row('verifying', [160, 1600, 160], 13),
    row('busy', [120, 1200, 120], 13),
  ]);
  assert.deepEqual(
    broken.checks?.map((check) => check.kept),
    [false, false, false],
  );
});

test('leaves undecided what it has no valid figures of', () => {
  const invalid: CaseResult = {
    ...row('sealing', [100], 13),
    validity: { status: 'invalid', reasons: ['nothing was sealed in a round'] },
  };
  const { derived, checks } = summarise([row('nothing', [100], 13), invalid]);
  assert.deepEqual(derived, {});
  assert.deepEqual(
    checks?.map((check) => check.kept),
    [null, null, null],
  );
});
