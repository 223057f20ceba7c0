import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyncCounter } from '../../bench/peers/sync-trace.js';
import { smokeResult } from './smoke.js';

test('counts a sync once it has returned, and only of files below the directory', () => {
  const counter = new SyncCounter('/data');
  const counts = (text: string): number => {
    counter.take(text);
    return counter.count;
  };
  assert.equal(counts('10 fdatasync(3</data/a>) = 0\n10 fsync(4</elsewhere/b>) = 0\n'), 1);
  assert.equal(counts('11 fsync(3</data/a> <unfinished ...>\n10 write(1<pipe:[7]>, ""..., 9) = 9\n'), 1);
  assert.equal(counts('11 <... fsync resumed>) = 0\n'), 2);
  assert.equal(
    counts('10 pwrite64(5</data/j>, ""..., 64, 0) = 64\n'),
    2,
    'a write alone makes nothing durable',
  );
  counts('10 openat(AT_FDCWD</tmp>, "/data/j", O_RDWR|O_DSYNC|O_CLOEXEC) = 5</data/j>\n');
  assert.equal(counts('10 pwrite64(5</data/j>, ""..., 64, 0) = 6'), 2, 'the line is not whole');
  assert.equal(counts('4\n'), 3);
  assert.equal(counts('10 msync(0x7f, 4096, MS_ASYNC) = 0\n10 msync(0x7f, 4096, MS_SYNC) = 0\n'), 4);
});

test('the comparison with peers measures every store in the same way, and each durable one syncs', async (t) => {
  const { cases, derived, tables } = await smokeResult(t, 'peers');
  const loaded = cases.filter(({ parameters }) => parameters.connections === 16);
  const ids = loaded.map(({ parameters }) => parameters.peer);
  for (const id of ['service', 'journal', 'memory', 'event-storage-grouped']) {
    assert.ok(ids.includes(id), id);
  }
  for (const { name, parameters, durability, measures } of loaded) {
    assert.equal(durability, parameters.peer === 'memory' ? 'memory' : 'fsync', name);
    assert.ok(measures.throughput && measures.latency, name);
  }
  // Where strace may run there is a count for each; a busy machine cannot make it less than one.
  for (const { name, durability, measures, validity } of cases) {
    if (durability !== 'fsync' || measures.syncs_least === undefined) continue;
    assert.deepEqual(validity.reasons, [], name);
  }
  assert.equal(tables[0]?.rows.length, 9);
  assert.ok(Object.keys(derived).every((name) => name.startsWith('service_over_')));
});
