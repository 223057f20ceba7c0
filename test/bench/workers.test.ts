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
  for (const [index, { name, measures }] of cases.entries()) {
    assert.ok(value(index, 'generator_us') > 0, name);
    const us = (role: string, part: string): number => value(index, `${role}_${part}_us`);
    const inAll = (value(index, 'cpu') / value(index, 'throughput')) * 1e6;
    const roles = ['process', 'store', 'workers'].filter((role) => us(role, 'threads') > 0);
    for (const role of roles) {
      // Both are rounded to ticks of the clock, of which there are ten or more: a main thread has nearly all at most.
      assert.ok(!(us(role, 'main') > 1.5 * us(role, 'threads')), `${name}: ${role}`);
    }
    const parts = roles.reduce((sum, role) => sum + us(role, 'threads'), 0);
    assert.ok(parts <= inAll * 1.001, `${name}: the parts take no more than the whole`);
    assert.equal('process_threads_us' in measures && 'store_threads_us' in measures, false, name);
  }
  assert.ok(value(3, 'resident') > value(1, 'resident'), 'three processes take more than one');
  if (cases.every(({ validity }) => validity.status === 'valid')) {
    assert.ok((derived.appends_2_workers_over_one_process?.value ?? 0) > 0);
    for (const work of ['reads', 'appends']) {
      const share = derived[`${work}_generator_share`]?.value ?? Number.NaN;
      assert.ok(share > 0 && share < 1, work);
    }
    // The clock may tick too rarely for the times of so short a run; then nothing is modelled.
    assert.ok(tables.length === 2 || tables.length === 4);
  }
});
