/** Threads of a simulated machine: what a thread's file would run, in this thread, with messages that take their time. */
import { basename } from 'node:path';
import type { JournalSpan } from '../../src/log/file-log.js';
import type { Disk } from '../../src/ops/disk.js';
import type { StartThread, Thread, ThreadPort } from '../../src/ops/machine.js';
import { serveReads } from '../../src/segments/serve-reads.js';
import { type IndexWorkerData, openIndexFollower } from '../../src/store/followers/index-follower.js';
import { type Follower, serveFollower } from '../../src/store/followers/journal-follower.js';
import { type MirrorWorkerData, openMirror } from '../../src/store/followers/mirror-follower.js';
import { serveSealing } from '../../src/store/followers/seal-task.js';
import type { MemoryIndex } from './memory-index.js';
import type { Scheduler } from './scheduler.js';
import type { DiskUser } from './simulated-disk.js';

export interface ThreadSurroundings {
  scheduler: Scheduler;
  index: MemoryIndex;
  /** Whether the live HDF5 file is written. It is never the truth, and takes most of the time of a short run. */
  isMirroring: boolean;
  /** A disk for a thread of its own, which ends with it. */
  newUser: () => { user: DiskUser; disk: Disk };
}

type Listener = (message: unknown) => void;

const END = Symbol('the end of a thread');

/** One direction of a thread's messages: in order, each in its own time, and then perhaps the end. */
class Messages {
  private readonly queue: unknown[] = [];
  private onEnd: (() => void) | undefined;
  private readonly waiting: unknown[] = [];
  private listener: Listener | undefined;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly isOn: () => boolean,
  ) {}

  send(message: unknown): void {
    this.queue.push(message);
    this.scheduler.soon(() => this.deliver(this.queue.shift()));
  }

  /** Calls `onEnd` after everything that was sent before was heard. */
  end(onEnd: () => void): void {
    this.onEnd = onEnd;
    this.send(END);
  }

  hear(listener: Listener): void {
    this.listener = listener;
    for (const message of this.waiting.splice(0)) this.deliver(message);
  }

  private deliver(message: unknown): void {
    if (!this.isOn()) return;
    if (message === END) {
      this.onEnd?.();
      return;
    }
    if (this.listener === undefined) this.waiting.push(message);
    else this.listener(message);
  }
}

/** Runs what a thread is for; resolves if it ends by itself. */
type Program = (
  port: ThreadPort,
  disk: Disk,
  data: unknown,
  surroundings: ThreadSurroundings,
) => Promise<void> | undefined;

const PROGRAMS: Readonly<Record<string, Program>> = {
  'index-worker.js': (port, disk, data, { index }) => {
    const thread = { port, disk, storage: index };
    serveFollower(port, disk, (closing) => openIndexFollower(data as IndexWorkerData, thread, closing));
    return undefined;
  },
  'mirror-worker.js': (port, disk, data, { isMirroring }) => {
    const open = isMirroring ? () => openMirror(data as MirrorWorkerData, disk) : openNothing;
    serveFollower(port, disk, open);
    return undefined;
  },
  'read-worker.js': (port, disk) => {
    serveReads(port, disk.blocking);
    return undefined;
  },
  'seal-worker.js': (port, disk) => {
    serveSealing(port, disk);
    return undefined;
  },
};

/** A follower that reads everything and keeps nothing of it. */
async function openNothing(): Promise<Follower> {
  const follower = {
    appliedSequence: 0,
    begin({ firstSequence }: JournalSpan): void {
      follower.appliedSequence = firstSequence - 1;
    },
    apply(links: readonly unknown[]): void {
      follower.appliedSequence += links.length;
    },
    close() {},
  };
  return follower;
}

/** Starts threads that live as long as whatever `newUser` gives is on. */
export function simulatedThreads(surroundings: ThreadSurroundings): StartThread {
  return (entry, workerData) => {
    const program = PROGRAMS[basename(entry.pathname)];
    if (program === undefined) throw new Error(`${entry.pathname} cannot be simulated`);
    const { scheduler } = surroundings;
    const { user, disk } = surroundings.newUser();
    const toThread = new Messages(scheduler, () => user.isOn);
    const fromThread = new Messages(scheduler, () => user.isOn);
    const exits: (() => void)[] = [];
    let isOver = false;
    const exit = (): void => {
      if (isOver) return;
      isOver = true;
      for (const listener of exits) listener();
    };
    const port: ThreadPort = {
      postMessage: (message) => fromThread.send(message),
      on: (_event, listener) => toThread.hear(listener),
      close: () => fromThread.end(exit),
    };
    const thread: Thread = {
      postMessage: (message) => toThread.send(message),
      on(event: string, listener: (value: never) => void) {
        if (event === 'message') fromThread.hear(listener as Listener);
        if (event === 'exit') exits.push(listener as () => void);
      },
      ref() {},
      unref() {},
      async terminate() {
        user.end();
        exit();
      },
    };
    void program(port, disk, workerData, surroundings)?.then(() => port.close());
    return thread;
  };
}
