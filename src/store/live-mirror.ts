/**
 * Keeps the live HDF5 file following the log. It is a convenience for analysts and never in the way: when its
 * thread fails (a full disk, say), appends go on, and it is started again from the journal after a while.
 */
import type { Logger } from 'pino';
import { limits } from '../domain/limits.js';
import type { JournalSpan } from '../log/file-log.js';
import type { CancelTimer, Machine } from '../ops/machine.js';
import { FollowerThread } from './followers/follower-thread.js';
import type { MirrorWorkerData } from './followers/mirror-follower.js';

export interface MirrorThreadOptions {
  /** Where the live file goes. */
  directory: string;
  /** Of sealed segments. The thread is ready once it has proven it, and otherwise fails as `proveCodec` does. */
  codec: string;
  /** A committed event is in the live file within this. */
  mirrorMs: number;
  machine: Machine;
}

export interface LiveMirrorOptions extends MirrorThreadOptions {
  /** The first thread; ready. */
  thread: FollowerThread;
  logger: Logger;
  /** A full journal needs the mirror no longer. */
  onFinished: (journal: JournalSpan) => void;
}

/** News reaches the mirror after a third of its time, so that writing it fits into the rest. */
const MIRROR_DELAY_SHARE = 1 / 3;

export function startMirrorThread({
  directory,
  codec,
  mirrorMs,
  machine,
}: MirrorThreadOptions): FollowerThread {
  return new FollowerThread({
    entry: new URL('./followers/mirror-worker.js', import.meta.url),
    workerData: { directory, codec } satisfies MirrorWorkerData,
    delayMs: Math.ceil(mirrorMs * MIRROR_DELAY_SHARE),
    machine,
  });
}

export class LiveMirror {
  private thread: FollowerThread | undefined;
  private tail: JournalSpan | undefined;
  private readonly unfinished = new Map<number, JournalSpan>();
  private cancelRestart: CancelTimer | undefined;

  constructor(private readonly options: LiveMirrorOptions) {
    this.thread = this.listenTo(options.thread);
  }

  /** Events up to this sequence are in HDF5 and visible to readers. */
  get appliedSequence(): number {
    return this.thread?.appliedSequence ?? 0;
  }

  get isRunning(): boolean {
    return this.thread !== undefined;
  }

  follow(tail: JournalSpan): void {
    this.tail = tail;
    this.thread?.follow(tail);
  }

  finish(journal: JournalSpan): void {
    if (this.tail?.firstSequence === journal.firstSequence) this.tail = undefined;
    if (this.thread === undefined) {
      this.options.onFinished(journal);
      return;
    }
    this.unfinished.set(journal.firstSequence, journal);
    this.thread.finish(journal);
  }

  /** Resolves once everything up to a sequence is visible. Rejects if the mirror is not running. */
  async applied(sequence: number): Promise<void> {
    if (this.thread === undefined) throw new Error('the live HDF5 file is not being written');
    await this.thread.applied(sequence);
  }

  private listenTo(thread: FollowerThread): FollowerThread {
    thread.on('finished', (journal) => {
      this.unfinished.delete(journal.firstSequence);
      this.options.onFinished(journal);
    });
    thread.on('failed', (error) => this.restartLater(error));
    return thread;
  }

  private restartLater(error: Error): void {
    const { logger, machine, onFinished } = this.options;
    logger.error(
      { err: error },
      `the live HDF5 file fell behind; tried again in ${limits.sealRetryMs / 1000} s`,
    );
    this.thread = undefined;
    for (const journal of this.unfinished.values()) onFinished(journal);
    this.unfinished.clear();
    this.cancelRestart = machine.timers.after(limits.sealRetryMs, () => {
      this.thread = this.listenTo(startMirrorThread(this.options));
      if (this.tail !== undefined) this.thread.follow(this.tail);
    });
  }

  async close(): Promise<void> {
    this.cancelRestart?.();
    await this.thread?.close();
  }
}
