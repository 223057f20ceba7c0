/** Proves at a start that the codec works, in a thread of its own beside everything else that a start does. */
import { Worker } from 'node:worker_threads';
import { CodedError, type ErrorCode } from '../domain/errors.js';
import type { CodecReport, CodecWorkerData } from './followers/codec-worker.js';

export class CodecProof {
  private readonly worker: Worker;
  private readonly result: Promise<void>;

  /** Starts at once. `directory` must be there; a small file is in it for a moment. */
  constructor(codec: string, directory: string) {
    const workerData: CodecWorkerData = { codec, directory };
    const worker = new Worker(new URL('./followers/codec-worker.js', import.meta.url), { workerData });
    this.worker = worker;
    this.result = new Promise((resolve, reject) => {
      worker.once('message', (report: CodecReport) => {
        if (report.kind === 'proven') resolve();
        else reject(new CodedError((report.code ?? 'INTERNAL_ERROR') as ErrorCode, report.message));
      });
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that proves the codec ended')));
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
