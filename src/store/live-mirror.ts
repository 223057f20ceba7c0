/**
 * Keeps the live HDF5 file following the log. It is a convenience for analysts and never in the way: when its
 * thread fails (a full disk, say), appends go on, and it is started again from the journal after a while.
 */
import type { Logger } from 'pino';
import { limits } from '../domain/limits.js';
import type { JournalSpan } from '../log/file-log.js';
import type { CancelTimer, Machine } from '../ops/machine.js';
import { FollowerThread } from './followers/follower-thread.js';

export interface LiveMirrorOptions {
  /** Where the live file goes. */
  directory: string;
  /** News is written at most this often. */
  delayMs: number;
  logger: Logger;
  machine: Machine;
  /** A full journal needs the mirror no longer. */
  onFinished: (journal: JournalSpan) => void;
}

export class LiveMirror {
  private thread: FollowerThread | undefined;
  private tail: JournalSpan | undefined;
  private readonly unfinished = new Map<number, JournalSpan>();
  private cancelRestart: CancelTimer | undefined;

  constructor(private readonly options: LiveMirrorOptions) {
    this.thread = this.startThread();
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

  private startThread(): FollowerThread {
    const thread = new FollowerThread({
      entry: new URL('./followers/mirror-worker.js', import.meta.url),
      workerData: { directory: this.options.directory },
      delayMs: this.options.delayMs,
      machine: this.options.machine,
    });
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
      this.thread = this.startThread();
      if (this.tail !== undefined) this.thread.follow(this.tail);
    });
  }

  async close(): Promise<void> {
    this.cancelRestart?.();
    await this.thread?.close();
  }
}
