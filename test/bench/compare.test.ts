import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../bench/harness/measures.js';
import { ROOT } from '../../bench/harness/report.js';
import { smokeResult } from './smoke.js';

test('a comparison measures every figure of both, and decides nothing after one sample', async (t) => {
  const { cases, checks, findings } = await smokeResult(t, 'compare', '--base-dir', ROOT);
  assert.deepEqual(
    cases.map(({ name, validity }) => [name, validity.status]),
    ['ingest', 'segment', 'hash', 'persist', 'total', 'throughput', 'cpu'].map((name) => [name, 'valid']),
  );
  for (const { name, measures } of cases) {
    // A tenth of a second may be less than a tick of the kernel's clock for processor time.
    if (name === 'cpu') continue;
    assert.equal(scalarValue(measures.samples), 1, name);
    const ratio = scalarValue(measures.by_sample) ?? 0;
    assert.ok(ratio > 0 && ratio < 1000, `${name}: ${ratio}`);
  }
  assert.ok(checks.every(({ kept }) => kept === null));
  assert.match(findings[0] ?? '', /: inconclusive\.$/);
});
