/**
 * The thread that seals segments, as the one that asks for it sees it. It is started when there is something to
 * seal and stays for a while after: most of the work for a segment of a busy log would otherwise be to load the
 * HDF5 library and to compile its code and ours.
 */
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { CancelTimer, Machine, Thread } from '../ops/machine.js';
import type { SealedSegment } from '../segments/segment-layout.js';
import type { SealReport, SealWork } from './followers/seal-task.js';

const ENTRY = new URL('./followers/seal-worker.js', import.meta.url);

interface Asked {
  resolve: (segment: SealedSegment) => void;
  reject: (error: Error) => void;
}

export class SealThread {
  private worker: Thread | undefined;
  private asked: Asked | undefined;
  private cancelEnd: CancelTimer | undefined;

  constructor(private readonly machine: Pick<Machine, 'startThread' | 'timers'>) {}

  /** Seals a journal, one at a time. Rejects with what was wrong, or once the thread is gone; then ask again. */
  seal(work: SealWork): Promise<SealedSegment> {
    assert(this.asked === undefined, 'segments are sealed one at a time');
    this.cancelEnd?.();
    this.worker ??= this.start();
    this.worker.postMessage(work);
    return new Promise((resolve, reject) => {
      this.asked = { resolve, reject };
    });
  }

  private start(): Thread {
    const worker = this.machine.startThread(ENTRY, undefined);
    worker.on('message', (message) => this.hear(worker, message as SealReport));
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('the sealing thread ended')));
    return worker;
  }

  private hear(worker: Thread, report: SealReport): void {
    if (worker !== this.worker) return;
    const { asked } = this;
    this.asked = undefined;
    // After an error of the library its handles stay open (segments/hdf5.ts), so the next segment has a new thread.
    if (report.kind === 'failed' || report.isSpent) void this.close();
    else this.cancelEnd = this.machine.timers.after(limits.sealThreadIdleMs, () => void this.close());
    if (report.kind === 'sealed') asked?.resolve(report.segment);
    else asked?.reject(new CodedError(report.code, report.message));
  }

  private lose(worker: Thread, error: Error): void {
    if (worker !== this.worker) return;
    this.worker = undefined;
    this.cancelEnd?.();
    const { asked } = this;
    this.asked = undefined;
    asked?.reject(error);
  }

  /** Ends the thread at once, wherever it is. What it was sealing is rejected. */
  async close(): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    this.lose(worker, new Error('the sealing thread ended'));
    await worker.terminate();
  }
}
