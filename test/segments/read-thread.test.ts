import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import type { Thread } from '../../src/ops/machine.js';
import { packBytes, type ReadReply, type ReadRequest } from '../../src/segments/read-protocol.js';
import { ReadThread } from '../../src/segments/read-thread.js';

/** A thread that answers only as it is told, and a clock that is moved by hand. */
function stuckThread() {
  const due: (() => void)[] = [];
  const asked: ReadRequest[] = [];
  let isTerminated = false;
  let keepsAlive = true;
  let answer = (_reply: unknown): void => {};
  const thread: Thread = {
    postMessage: (message) => void asked.push(message as ReadRequest),
    on(event: string, listener: (reply: never) => void) {
      if (event === 'message') answer = listener as (reply: unknown) => void;
    },
    ref() {
      keepsAlive = true;
    },
    unref() {
      keepsAlive = false;
    },
    terminate: async () => {
      isTerminated = true;
      keepsAlive = true;
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
  return {
    reading,
    due,
    asked,
    answer: (reply: ReadReply) => answer(reply),
    isTerminated: () => isTerminated,
    keepsAlive: () => keepsAlive,
  };
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

test('a scan has the next batches made while one is used, and no more than that', async () => {
  const { reading, asked, answer } = stuckThread();
  const scan = reading.scanPacked('a.h5', 0);
  const first = scan.next();
  assert.equal(asked.length, 1 + limits.archiveBatchesAhead);
  const [request] = asked;
  assert.ok(request?.kind === 'next');
  answer({ id: request.id, ok: true, packed: packBytes([Buffer.from('link')]) });
  assert.equal((await first).value?.bytes.toString(), 'link');
  assert.equal(asked.length, 1 + limits.archiveBatchesAhead, 'the thread waits until more is asked for');
  await reading.close();
});

test('an answer that comes while the thread is being ended does not let go of who waits for its end', async () => {
  const { reading, asked, answer, keepsAlive } = stuckThread();
  const read = reading.read([{ path: 'a.h5', rows: [0] }]);
  const closed = reading.close();
  await assert.rejects(read, { code: 'SHUTTING_DOWN' });
  const [request] = asked;
  assert.ok(request?.kind === 'read');
  answer({ id: request.id, ok: true, packed: packBytes([]) });
  assert.ok(keepsAlive());
  await closed;
});
