/** The main thread's end of one reading thread: requests with answers, and its own end. */
import { CodedError } from '../domain/errors.js';
import { type StartThread, startWorkerThread, type Thread } from '../ops/machine.js';
import {
  codedError,
  type ReadReply,
  type ReadRequest,
  type RowsOfFile,
  unpackBytes,
} from './read-protocol.js';

interface Waiting {
  resolve(parts: Buffer[]): void;
  reject(error: Error): void;
}

/**
 * One reading thread. It keeps the process alive only while something waits for it. After an error that left
 * the HDF5 library in doubt it `isSpent`: it finishes what it has and then ends, and a new one should be used.
 */
export class ReadThread {
  readonly #worker: Thread;
  readonly #waiting = new Map<number, Waiting>();
  readonly #scans = new Set<number>();
  #nextId = 1;
  #isSpent = false;

  constructor(startThread: StartThread = startWorkerThread) {
    this.#worker = startThread(new URL('./read-worker.js', import.meta.url), undefined);
    this.#worker.unref();
    this.#worker.on('message', (reply) => this.#settle(reply as ReadReply));
    this.#worker.on('error', (cause) => this.#fail('The thread that reads the archive failed.', cause));
    this.#worker.on('exit', () => this.#fail('The thread that reads the archive ended.'));
  }

  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** The records at rows of files, in the order asked for. */
  read(files: RowsOfFile[]): Promise<Buffer[]> {
    const id = this.#nextId++;
    return this.#request(id, { kind: 'read', id, files });
  }

  /** All links of a file from a row on. The thread works only while a batch is awaited. */
  async *scan(path: string, fromRow: number): AsyncGenerator<Buffer[], void> {
    const scan = this.#nextId++;
    this.#scans.add(scan);
    try {
      for (;;) {
        const id = this.#nextId++;
        const links = await this.#request(id, { kind: 'next', id, scan, path, fromRow });
        if (links.length === 0) return;
        yield links;
      }
    } finally {
      this.#scans.delete(scan);
      this.#worker.postMessage({ kind: 'end', scan } satisfies ReadRequest);
      this.#endIfSpent();
    }
  }

  /** Ends the thread now. What waits is refused with SHUTTING_DOWN. */
  async close(): Promise<void> {
    this.#fail('The archive was closed.', undefined, 'SHUTTING_DOWN');
    await this.#worker.terminate();
  }

  #request(id: number, request: ReadRequest): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  #settle(reply: ReadReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.ok) {
      waiting?.resolve(unpackBytes(reply.packed));
      return;
    }
    this.#isSpent ||= reply.isSpent;
    waiting?.reject(codedError(reply.error));
    this.#endIfSpent();
  }

  #endIfSpent(): void {
    if (this.#isSpent && this.#waiting.size === 0 && this.#scans.size === 0) void this.#worker.terminate();
  }

  #fail(message: string, cause?: unknown, code: 'INTERNAL_ERROR' | 'SHUTTING_DOWN' = 'INTERNAL_ERROR'): void {
    this.#isSpent = true;
    for (const { reject } of this.#waiting.values()) reject(new CodedError(code, message, { cause }));
    this.#waiting.clear();
  }
}
