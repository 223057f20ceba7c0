import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Thread } from '../../src/ops/machine.js';
import { ReadThread } from '../../src/segments/read-thread.js';

/** A thread that never answers, and a clock that is moved by hand. */
function stuckThread() {
  const due: (() => void)[] = [];
  let isTerminated = false;
  const thread: Thread = {
    postMessage() {},
    on() {},
    ref() {},
    unref() {},
    terminate: async () => {
      isTerminated = true;
    },
  };
  const timers = {
    endOfTurn: async () => {},
    after: (_delayMs: number, action: () => void) => {
      due.push(action);
      return () => void due.splice(due.indexOf(action), 1);
    },
    every: () => () => {},
  };
  const reading = new ReadThread({ startThread: () => thread, timers });
  return { reading, due, isTerminated: () => isTerminated };
}

test('a thread that never comes back from a damaged file is given up, and nobody waits for ever', async () => {
  const { reading, due, isTerminated } = stuckThread();
  const file = (path: string) => [{ path, rows: [0] }];
  const first = reading.read(file('damaged.h5'));
  const second = reading.read(file('sound.h5'));
  assert.equal(due.length, 1);
  due[0]?.();
  await assert.rejects(first, { code: 'ARCHIVE_DAMAGED', message: /within 60 s/ });
  await assert.rejects(second, { code: 'OVERLOADED' });
  assert.ok(isTerminated() && reading.isSpent);
});

test('a thread that nobody waits for is not watched', async () => {
  const { reading, due } = stuckThread();
  const read = reading.read([{ path: 'a.h5', rows: [0] }]);
  assert.equal(due.length, 1);
  await reading.close();
  await assert.rejects(read, { code: 'SHUTTING_DOWN' });
  assert.equal(due.length, 0);
});
