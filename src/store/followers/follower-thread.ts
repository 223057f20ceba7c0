/** The main thread's side of a follower: starts the worker, tells it what is durable, and hears how far it is. */
import { EventEmitter } from 'node:events';
import { CodedError } from '../../domain/errors.js';
import type { JournalSpan } from '../../log/file-log.js';
import type { CancelTimer, Machine, Thread } from '../../ops/machine.js';
import type { FollowerCommand, FollowerReport } from './follower-protocol.js';

export interface FollowerThreadOptions {
  /** The worker's file. */
  entry: URL;
  workerData: unknown;
  machine: Pick<Machine, 'startThread' | 'timers'>;
  /** News is sent at most this often, so that a busy log does not spend its time on messages. */
  delayMs: number;
}

interface Waiter {
  sequence: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface FollowerEvents {
  /** Everything up to this sequence was taken in. */
  applied: [sequence: number];
  /** Before it is ready: it makes again what it lacked, and is this far. */
  rebuilding: [sequence: number];
  /** Before it is ready: what it had could not be used. */
  discarded: [reason: string];
  /** It cannot write now and tries again by itself. */
  late: [reason: string];
  /** A full journal was taken in to its end. */
  finished: [journal: JournalSpan];
  /** The worker is gone and will not come back by itself. */
  failed: [error: Error];
}

export class FollowerThread extends EventEmitter<FollowerEvents> {
  private readonly worker: Thread;
  private readonly opened: Promise<number>;
  private readonly exited: Promise<void>;
  private waiters: Waiter[] = [];
  private tail: JournalSpan | undefined;
  private cancelTimer: CancelTimer | undefined;
  /** Why the worker is gone, if it is. */
  failure: Error | undefined;
  private closing = false;
  appliedSequence = 0;

  constructor(private readonly options: FollowerThreadOptions) {
    super();
    this.worker = options.machine.startThread(options.entry, options.workerData);
    this.exited = new Promise((resolve) => this.worker.on('exit', () => resolve()));
    let rejectOpened: (error: Error) => void = () => {};
    this.opened = new Promise((resolve, reject) => {
      rejectOpened = reject;
      this.worker.on('message', (message) => {
        const report = message as FollowerReport;
        if (report.kind === 'opened') resolve(report.sequence);
        this.hear(report);
        if (this.failure !== undefined) reject(this.failure);
      });
      this.worker.on('error', (error) => {
        this.fail(error);
        reject(error);
      });
    });
    this.opened.catch(() => undefined);
    void this.exited.then(() => {
      const ended = new Error('the worker thread ended');
      rejectOpened(ended);
      if (!this.closing) this.fail(ended);
    });
  }

  /** Resolves with the sequence that the follower already has. */
  ready(): Promise<number> {
    return this.opened;
  }

  /** Says that the newest journal is durable up to here. */
  follow(tail: JournalSpan): void {
    this.tail = tail;
    const { machine, delayMs } = this.options;
    this.cancelTimer ??= machine.timers.after(delayMs, () => this.sendTail());
  }

  /** Says that a journal is full; the next one follows. */
  finish(journal: JournalSpan): void {
    this.stopTimer();
    this.tail = undefined;
    this.send({ kind: 'durable', journal, isFull: true });
  }

  /**
   * Resolves once everything up to a sequence was taken in; OVERLOADED if that takes longer than `withinMs`. The
   * sequence must have been told before.
   */
  async applied(sequence: number, withinMs?: number): Promise<void> {
    if (this.appliedSequence >= sequence) return;
    if (this.failure !== undefined) throw this.failure;
    this.sendTail();
    const { timers } = this.options.machine;
    let cancelTimer: CancelTimer | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { sequence, resolve, reject };
        this.waiters.push(waiter);
        if (withinMs !== undefined) cancelTimer = timers.after(withinMs, () => this.giveUp(waiter));
      });
    } finally {
      cancelTimer?.();
    }
  }

  private giveUp(waiter: Waiter): void {
    this.waiters = this.waiters.filter((other) => other !== waiter);
    waiter.reject(new CodedError('OVERLOADED', 'The index is too far behind. Try again shortly.'));
  }

  /** Hands over a state to keep. The news of its events goes before it. */
  keepSnapshot(consultationId: string, value: Uint8Array): void {
    this.sendTail();
    this.send({ kind: 'snapshot', consultationId, value });
  }

  private sendTail(): void {
    this.stopTimer();
    if (this.tail !== undefined) this.send({ kind: 'durable', journal: this.tail, isFull: false });
    this.tail = undefined;
  }

  private stopTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private send(command: FollowerCommand): void {
    if (this.failure === undefined) this.worker.postMessage(command);
  }

  private hear(report: FollowerReport): void {
    // What a thread says after it failed is not to be trusted.
    if (this.failure !== undefined) return;
    if (report.kind === 'failed') {
      this.fail(new CodedError(report.code, report.message));
    } else if (report.kind === 'rebuilding') {
      this.emit('rebuilding', report.sequence);
    } else if (report.kind === 'late') {
      this.emit('late', report.reason);
    } else if (report.kind === 'discarded') {
      this.emit('discarded', report.reason);
    } else if (report.kind === 'finished') {
      this.emit('finished', report.journal);
    } else if (report.kind === 'applied' || report.kind === 'opened') {
      this.appliedSequence = Math.max(this.appliedSequence, report.sequence);
      this.emit('applied', this.appliedSequence);
      const { appliedSequence } = this;
      const reached = this.waiters.filter(({ sequence }) => sequence <= appliedSequence);
      this.waiters = this.waiters.filter(({ sequence }) => sequence > appliedSequence);
      for (const waiter of reached) waiter.resolve();
    }
  }

  private fail(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const waiter of this.waiters) waiter.reject(error);
    this.waiters = [];
    if (!this.closing) this.emit('failed', error);
  }

  /** Takes in the rest, then ends the worker. */
  async close(): Promise<void> {
    this.sendTail();
    this.closing = true;
    this.send({ kind: 'close' });
    if (this.failure !== undefined) await this.worker.terminate();
    await this.exited;
  }
}
