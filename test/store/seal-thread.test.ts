import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import type { Thread } from '../../src/ops/machine.js';
import { GENESIS_ROOT, type SealedSegment } from '../../src/segments/segment-layout.js';
import type { SealReport, SealWork } from '../../src/store/followers/seal-task.js';
import { SealThread } from '../../src/store/seal-thread.js';

class FakeThread extends EventEmitter implements Thread {
  readonly asked: SealWork[] = [];
  isTerminated = false;
  postMessage(message: unknown): void {
    this.asked.push(message as SealWork);
  }
  ref(): void {}
  unref(): void {}
  async terminate(): Promise<void> {
    this.isTerminated = true;
    this.emit('exit');
  }
  answer(report: SealReport): void {
    this.emit('message', report);
  }
}

/** Threads that answer when they are told to, and timers that are due when they are told to be. */
function fakeMachine() {
  const threads: FakeThread[] = [];
  const due = new Map<() => void, number>();
  const machine = {
    startThread: () => {
      const thread = new FakeThread();
      threads.push(thread);
      return thread;
    },
    timers: {
      endOfTurn: async () => {},
      after: (delayMs: number, action: () => void) => {
        due.set(action, delayMs);
        return () => void due.delete(action);
      },
      every: () => () => {},
    },
  };
  return { machine, threads, due };
}

const work = (firstSequence: number): SealWork => ({
  journal: { path: 'a.journal', firstSequence, endOffset: 100 },
  previousRoot: GENESIS_ROOT,
  codec: 'none',
  path: 'a.h5',
});
const sealed = (isSpent: boolean): SealReport => ({
  kind: 'sealed',
  segment: { file: 'a.h5' } as SealedSegment,
  isSpent,
});

test('one thread seals segment after segment, and ends when there was none for a while', async () => {
  const { machine, threads, due } = fakeMachine();
  const sealing = new SealThread(machine);
  for (const firstSequence of [1, 11, 21]) {
    const segment = sealing.seal(work(firstSequence));
    assert.equal(due.size, 0, 'nothing ends a thread at work');
    threads[0]?.answer(sealed(false));
    assert.equal((await segment).file, 'a.h5');
  }
  assert.deepEqual(
    threads[0]?.asked.map(({ journal }) => journal.firstSequence),
    [1, 11, 21],
  );
  assert.deepEqual([...due.values()], [limits.sealThreadIdleMs]);
  for (const end of due.keys()) end();
  assert.ok(threads[0]?.isTerminated);
  void sealing.seal(work(31)).catch(() => undefined);
  assert.equal(threads.length, 2, 'the next segment has a thread again');
  await sealing.close();
});

test('a thread in which HDF5 failed seals nothing more', async () => {
  const { machine, threads, due } = fakeMachine();
  const sealing = new SealThread(machine);
  const first = sealing.seal(work(1));
  threads[0]?.answer(sealed(true));
  assert.equal((await first).file, 'a.h5', 'what it sealed counts');
  assert.ok(threads[0]?.isTerminated);

  const second = sealing.seal(work(11));
  threads[1]?.answer({ kind: 'failed', code: 'STORAGE_FULL', message: 'no room' });
  await assert.rejects(second, { code: 'STORAGE_FULL' });
  assert.ok(threads[1]?.isTerminated);

  const third = sealing.seal(work(11));
  threads[2]?.answer(sealed(false));
  await third;
  assert.equal(threads.length, 3);
  assert.equal(due.size, 1, 'only the last one is waited for');
  await sealing.close();
  assert.equal(due.size, 0);
});

test('a thread that never comes back is ended all the same, and one that ends is noticed', async () => {
  const { machine, threads } = fakeMachine();
  const sealing = new SealThread(machine);
  const stuck = sealing.seal(work(1));
  const rejected = assert.rejects(stuck, /the sealing thread ended/);
  await sealing.close();
  await rejected;
  assert.ok(threads[0]?.isTerminated);

  const lost = sealing.seal(work(1));
  threads[1]?.emit('error', new Error('out of memory'));
  threads[1]?.emit('exit');
  await assert.rejects(lost, /out of memory/);
});
