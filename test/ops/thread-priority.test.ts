/** A thread in the background gives way; the threads beside it do not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const skip = existsSync('/proc/thread-self') ? false : 'threads have no priority of their own here';
const MODULE = new URL('../../src/ops/thread-priority.js', import.meta.url).href;

test('lowers the priority of its own thread only', { skip }, async () => {
  const worker = new Worker(
    `const { readlinkSync } = require('node:fs');
     const { getPriority } = require('node:os');
     const { parentPort } = require('node:worker_threads');
     import(${JSON.stringify(MODULE)}).then(({ runInBackground }) => {
       const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
       const before = getPriority(threadId);
       runInBackground();
       parentPort.postMessage({ before, after: getPriority(threadId) });
     });`,
    { eval: true },
  );
  const mine = getPriority();
  const [{ before, after }] = (await once(worker, 'message')) as [{ before: number; after: number }];
  assert.equal(before, mine);
  assert.ok(after > before || before >= 10, `${after} is a lower priority than ${before}`);
  assert.equal(getPriority(), mine);
});
