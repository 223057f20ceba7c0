import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../bench/harness/measures.js';
import { smokeResult } from './smoke.js';

const skip = process.platform !== 'linux' && 'CPU and memory are read from /proc';

test('the benchmark of processes measures one process, and a store with workers', { skip }, async (t) => {
  const { cases, derived, tables } = await smokeResult(t, 'workers');
  assert.deepEqual(
    cases.map(({ parameters }) => `${parameters.work} ${parameters.workers} ${parameters.processes}`),
    ['reads 0 1', 'appends 0 1', 'reads 2 3', 'appends 2 3'],
  );
  const value = (index: number, name: string): number => {
    return scalarValue(cases[index]?.measures[name]) ?? Number.NaN;
  };
  for (const [index, { name, durability, parameters }] of cases.entries()) {
    assert.equal(durability, parameters.work === 'appends' ? 'fsync' : 'memory', name);
    for (const measure of ['throughput', 'cpu', 'resident', 'resident_shared_once']) {
      assert.ok(value(index, measure) > 0, `${name}: ${measure}`);
    }
    assert.ok(value(index, 'resident_shared_once') < value(index, 'resident'), name);
  }
  assert.ok(value(3, 'resident') > value(1, 'resident'), 'three processes take more than one');
  if (cases.every(({ validity }) => validity.status === 'valid')) {
    assert.ok((derived.appends_2_workers_over_one_process?.value ?? 0) > 0);
    assert.equal(tables.length, 2);
  }
});
