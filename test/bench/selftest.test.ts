import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../bench/harness/measures.js';
import { smokeResult } from './smoke.js';

test('the self-test compares the real service with itself and with one stage slower', async (t) => {
  const { cases, checks, tables } = await smokeResult(t, 'selftest');
  assert.deepEqual(
    cases.map(({ name, validity }) => [name, validity.status]),
    [
      ['A against A', 'valid'],
      ['persist 25 % slower', 'valid'],
    ],
  );
  for (const { measures } of cases) {
    assert.equal(scalarValue(measures.samples), 8, 'one look of eight samples');
    assert.ok((scalarValue(measures.ratio) ?? 0) > 0);
  }
  assert.deepEqual(
    checks.map(({ what }) => what),
    ['false alarms, A against A', 'found, and blamed on it: persist 25 % slower'],
  );
  assert.equal(tables[0]?.rows.length, 2);
});
