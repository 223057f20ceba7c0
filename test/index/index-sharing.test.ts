import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { makeLinks } from '../support/links.js';
import { assertHoldsPrefix, indexDirectory, openReader } from './support.js';
import type { WriterWorkerData } from './writer-worker.js';

const EVENTS = 3000;
const BATCH_EVENTS = 300;
const SETTINGS = { consultations: 40, events: EVENTS, seed: 23 };
const WAIT_MS = 30_000;

/** Has the worker apply its next batch, and waits for it without leaving this turn of the event loop. */
function applyNext(counter: Int32Array): void {
  const asked = Atomics.add(counter, 0, 1) + 1;
  Atomics.notify(counter, 0);
  assert.notEqual(Atomics.wait(counter, 0, asked, WAIT_MS), 'timed-out');
}

test('sees what a writer in another thread committed after a refresh, and not before', async (t) => {
  const directory = await indexDirectory(t);
  const links = [...makeLinks(SETTINGS)];
  const reader = await openReader(t, directory);
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const data: WriterWorkerData = { ...SETTINGS, directory, batchEvents: BATCH_EVENTS, counter };
  const worker = new Worker(new URL('./writer-worker.js', import.meta.url), { workerData: data });
  const ended = once(worker, 'exit');
  await once(worker, 'online');
  for (let applied = 0; applied < EVENTS; applied += BATCH_EVENTS) {
    reader.refresh();
    assert.equal(reader.appliedSequence(), applied);
    applyNext(counter);
    assert.equal(reader.appliedSequence(), applied, 'one snapshot until it is refreshed');
    reader.refresh();
    assert.equal(assertHoldsPrefix(reader, links), applied + BATCH_EVENTS);
  }
  assert.deepEqual(await ended, [0]);
  assert.equal(assertHoldsPrefix(reader, links), EVENTS);
});
