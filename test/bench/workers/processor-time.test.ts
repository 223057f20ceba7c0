import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalarValue } from '../../../bench/harness/measures.js';
import {
  type ProcessorTime,
  processorMeasures,
  processorTimes,
} from '../../../bench/workers/processor-time.js';

const time = (role: ProcessorTime['role'], main: number, threads: number): ProcessorTime => {
  return { role, main, threads };
};

test('the time of a request is that of its kind of process, all workers together', () => {
  const before = [time('dealer', 1, 1), time('store', 1, 2), time('workers', 3, 3), time('workers', 4, 4)];
  const after = [time('dealer', 1, 1.5), time('store', 2, 4), time('workers', 4, 6), time('workers', 6, 7)];
  const measures = processorMeasures(before, after, { seconds: 4, answered: 10_000 });
  assert.deepEqual(Object.fromEntries(Object.entries(measures).map(([name, { value }]) => [name, value])), {
    cpu: 8.5 / 4,
    store_main_us: 100,
    store_threads_us: 200,
    workers_main_us: 300,
    workers_threads_us: 600,
  });
});

test('a figure of fewer than ten ticks of a process is left out', () => {
  const before = [time('store', 0.3, 0.3), time('workers', 0, 0), time('workers', 0, 0)];
  const after = [time('store', 0.39, 0.4), time('workers', 0.1, 0.2), time('workers', 0.09, 0.2)];
  const measures = processorMeasures(before, after, { seconds: 1, answered: 1000 });
  assert.deepEqual(Object.keys(measures), ['cpu', 'store_threads_us', 'workers_threads_us']);
  assert.equal(Math.round(measures.store_threads_us?.value ?? 0), 100);
});

test('the time of a main thread is part of that of its process', {
  skip: process.platform !== 'linux' && 'times are read from /proc',
}, async () => {
  const group = { roles: { process: [process.pid] } };
  const before = await processorTimes(group);
  const until = process.cpuUsage().user + 200_000;
  while (process.cpuUsage().user < until) Math.hypot(until, 1);
  const after = await processorTimes(group);
  assert.ok(before && after);
  const measures = processorMeasures(before, after, { seconds: 1, answered: 1 });
  const main = scalarValue(measures.process_main_us) ?? 0;
  // The kernel rounds user and system time to ticks, each for itself.
  assert.ok(main >= 100_000);
  assert.ok(main <= (scalarValue(measures.process_threads_us) ?? 0) + 40_000);
});

test('there are no times of a process that is not there', async () => {
  assert.equal(await processorTimes({ roles: { process: [process.pid], store: [2 ** 22 + 1] } }), undefined);
});
