import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import os from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  automaticWorkers,
  best,
  type Costs,
  halfAndHalf,
  modelled,
  ONE_PROCESS,
  recommended,
  storeBound,
  workersToSaturate,
} from '../../../bench/workers/model.js';

/** Round figures, so that every bound can be worked out by hand. */
const costs: Costs = {
  process: { mainUs: 100, threadsUs: 125 },
  store: { mainUs: 25, threadsUs: 40 },
  worker: { mainUs: 75, threadsUs: 85 },
};

test('the only store is full when its main thread is, and so many workers fill it', () => {
  assert.equal(storeBound(costs), 40_000);
  assert.equal(workersToSaturate(costs), 3);
  assert.equal(workersToSaturate({ ...costs, worker: { mainUs: 76, threadsUs: 85 } }), 4);
});

test('a rate is the least of what the store, the workers and the cores can do', () => {
  assert.deepEqual(modelled(costs, 1, 1), { workers: 1, rate: 8000, bound: 'the cores' });
  assert.equal(modelled(costs, 1, 16).bound, 'the workers');
  assert.equal(modelled(costs, 2, 16).rate, 2 * modelled(costs, 1, 16).rate);
  assert.deepEqual(modelled(costs, 4, 16), { workers: 4, rate: 40_000, bound: 'the store' });
  assert.equal(modelled(costs, 4, 2.5).rate, 20_000, 'of a part of a core a part');
});

test('one process has one main thread, however many cores there are', () => {
  assert.deepEqual(modelled(costs, ONE_PROCESS, 1), { workers: 0, rate: 8000, bound: 'the cores' });
  assert.deepEqual(modelled(costs, ONE_PROCESS, 64), { workers: 0, rate: 10_000, bound: 'its main thread' });
});

test('recommends the fewest workers that are within 5 % of the best', () => {
  // 3 workers fill the store, 2 do two thirds of it.
  assert.equal(recommended(costs, 16).workers, 3);
  assert.equal(best(costs, 16).rate, 40_000);
  // A hair less than what fills the store is as good.
  const nearly = { ...costs, worker: { mainUs: 78, threadsUs: 85 } };
  assert.equal(workersToSaturate(nearly), 4);
  assert.equal(recommended(nearly, 16).workers, 3);
  assert.equal(recommended({ ...costs, worker: { mainUs: 80, threadsUs: 85 } }, 16).workers, 4);
});

test('recommends one process where more of them only cost more', () => {
  assert.equal(recommended(costs, 1).workers, ONE_PROCESS);
  const dear = { ...costs, store: { mainUs: 99, threadsUs: 130 } };
  assert.equal(recommended(dear, 16).workers, ONE_PROCESS);
});

test('never does worse with more cores or more workers', () => {
  for (let cores = 1; cores <= 16; cores += 1) {
    assert.ok(best(costs, cores + 1).rate >= best(costs, cores).rate);
    for (let workers = 1; workers < 16; workers += 1) {
      const [few, more] = [modelled(costs, workers, cores), modelled(costs, workers + 1, cores)];
      assert.ok(more.rate >= few.rate);
      assert.ok(few.rate <= best(costs, cores).rate);
    }
  }
});

test('half of each kind of request takes the mean of their times', () => {
  const free: Costs = {
    process: { mainUs: 0, threadsUs: 25 },
    store: { mainUs: 15, threadsUs: 20 },
    worker: { mainUs: 5, threadsUs: 15 },
  };
  assert.deepEqual(halfAndHalf(costs, free), {
    process: { mainUs: 50, threadsUs: 75 },
    store: { mainUs: 20, threadsUs: 30 },
    worker: { mainUs: 40, threadsUs: 50 },
  });
});

test('knows how many workers FI_WORKERS=auto starts', (t) => {
  const require = createRequire(import.meta.url);
  const path = fileURLToPath(new URL('../../../../pm2.config.cjs', import.meta.url));
  const set = process.env.FI_WORKERS;
  delete process.env.FI_WORKERS;
  t.after(() => {
    if (set !== undefined) process.env.FI_WORKERS = set;
  });
  let cores = 0;
  t.mock.method(os, 'availableParallelism', () => cores);
  for (cores = 1; cores <= 16; cores += 1) {
    delete require.cache[path];
    const { apps } = require(path) as { apps: { name: string; instances: number }[] };
    assert.equal(apps.find(({ name }) => name === 'api')?.instances, automaticWorkers(cores));
  }
});
