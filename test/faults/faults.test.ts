import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { testSeed } from '../domain/test-seed.js';
import { BROKEN_DISKS, type BrokenDisk } from './broken-disks.js';
import { runMany } from './run-many.js';

const RUNS = 200;
/** A broken store is found within so many runs; most of them within a few. */
const BROKEN_RUNS_MAX = 400;
/** Where to begin, for what takes an unlikely crash to show: from seed 1 it would take up to 2,000 runs. */
const FIRST_SEEDS: { readonly [D in BrokenDisk]?: number } = {
  'removes the journal before the manifest lists its segment': 100,
  'deletes a journal for a list that it found, and that nobody synced': 1800,
  'leaves what did not fit a full disk': 500,
};

test('keeps every promise on a disk that lies, whatever its process dies of', async (t) => {
  const firstSeed = testSeed(t);
  const threads = availableParallelism();
  const { runs, figures, failures } = await runMany({ firstSeed, runs: RUNS, threads, failuresMax: 1 });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(failures, [], 'again with: npm run test:faults -- --runs 1 --seed (the seed)');
  assert.equal(runs, RUNS);
  for (const [name, value] of Object.entries(figures)) assert.ok(value > 0, `there were ${name}`);
});

test('the same seed gives the same run', async () => {
  const options = { firstSeed: 17, runs: 1, threads: 1, failuresMax: 1 };
  const { figures } = await runMany(options);
  assert.ok(figures.diskCalls > 0);
  assert.deepEqual((await runMany(options)).figures, figures);
});

for (const broken of Object.keys(BROKEN_DISKS) as BrokenDisk[]) {
  test(`finds a store that ${broken}`, async (t) => {
    const firstSeed = FIRST_SEEDS[broken] ?? 1;
    const options = { firstSeed, runs: BROKEN_RUNS_MAX, threads: availableParallelism(), failuresMax: 1 };
    const { runs, failures } = await runMany({ ...options, broken });
    const [failure] = failures;
    t.diagnostic(`after ${runs} runs: ${failure?.what.split('\n', 1)[0]}`);
    assert.ok(failure !== undefined, 'a run failed');
    assert.ok(failure.isRepeated, `seed ${failure.seed} gives the same failure again: ${failure.what}`);
  });
}
