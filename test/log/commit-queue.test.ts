import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import { CommitQueue, type WaitingAppend } from '../../src/log/commit-queue.js';

function waiting(linkBytes: number, events = 1): WaitingAppend {
  const links = Array.from({ length: events }, () => Buffer.alloc(0));
  const append = { consultationId: 'a', expectedVersion: 0, links };
  return { append, firstSequence: 1, linkBytes, acceptedMs: 0, resolve: () => {}, reject: () => {} };
}

test('gives what came first, as much as a block holds, and at least one', () => {
  const queue = new CommitQueue();
  const large = Math.ceil(limits.blockBytesMax * 0.6);
  const items = [waiting(large), waiting(large), waiting(10), waiting(limits.blockBytesMax), waiting(1)];
  for (const item of items) queue.push(item);
  assert.deepEqual(queue.takeBlock(), [items[0]]);
  assert.deepEqual(queue.takeBlock(), [items[1], items[2]]);
  assert.deepEqual(queue.takeBlock(), [items[3]]);
  assert.equal(queue.eventCount, 1);
  assert.equal(queue.byteCount, 1);
  assert.deepEqual(queue.takeAll(), [items[4]]);
  assert.equal(queue.eventCount + queue.byteCount, 0);
});

test('refuses what is more than it holds, in events and in bytes', () => {
  const queue = new CommitQueue();
  queue.push(waiting(limits.queueBytesMax - 1, limits.queueEventsMax - 1));
  queue.checkRoom(1, 1);
  assert.throws(() => queue.checkRoom(2, 0), { code: 'OVERLOADED' });
  assert.throws(() => queue.checkRoom(1, 2), { code: 'OVERLOADED' });
});
