/** Proves at a start that the codec works, in a thread of its own beside everything else that a start does. */
import { CodedError } from '../domain/errors.js';
import { type StartThread, startWorkerThread, type Thread } from '../ops/machine.js';
import type { CodecReport, CodecWorkerData } from './followers/codec-worker.js';

export class CodecProof {
  private readonly worker: Thread;
  private readonly result: Promise<void>;

  /** Starts at once. `directory` must be there; a small file is in it for a moment. */
  constructor(codec: string, directory: string, startThread: StartThread = startWorkerThread) {
    const workerData: CodecWorkerData = { codec, directory };
    const worker = startThread(new URL('./followers/codec-worker.js', import.meta.url), workerData);
    this.worker = worker;
    this.result = new Promise((resolve, reject) => {
      worker.on('message', (message) => {
        const report = message as CodecReport;
        if (report.kind === 'proven') resolve();
        else reject(new CodedError(report.code, report.message));
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the thread that proves the codec ended')));
    });
    // Asked for later, or never if the start fails before.
    this.result.catch(() => undefined);
  }

  /** Resolves when the codec works; otherwise the errors of `proveCodec`. */
  proven(): Promise<void> {
    return this.result;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
