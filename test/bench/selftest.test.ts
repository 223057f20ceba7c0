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
      ['A against A, pairs of processes', 'valid'],
      ...['ingest', 'segment', 'hash', 'persist'].map((stage) => [
        `${stage} 10 % slower, pairs of processes`,
        'valid',
      ]),
    ],
  );
  for (const { measures } of cases.slice(0, 2)) {
    assert.equal(scalarValue(measures.samples), 8, 'one look of eight samples');
    assert.ok((scalarValue(measures.ratio) ?? 0) > 0);
  }
  for (const { name, measures } of cases.slice(2)) {
    assert.equal(scalarValue(measures.samples), 1, name);
    assert.equal(scalarValue(measures.inconclusive), 1, 'one pair says nothing');
  }
  assert.deepEqual(
    checks.map(({ what }) => what),
    [
      'false alarms: A against A',
      'found, and blamed on it: persist 25 % slower',
      'false alarms: A against A, pairs of processes',
    ],
  );
  assert.equal(tables[0]?.rows.length, 7);
});
