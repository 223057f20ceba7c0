/** The main thread's end of one reading thread: requests with answers, and its own end. */
import { CodedError, type ErrorCode } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { linksOf, type PackedLinks } from '../domain/packed-links.js';
import { type CancelTimer, type Machine, nodeMachine, type Thread, type Timers } from '../ops/machine.js';
import { codedError, type ReadReply, type ReadRequest, type RowsOfFile, received } from './read-protocol.js';

/** What a reading thread asks of the machine. */
export type ReadMachine = Pick<Machine, 'startThread' | 'timers'>;

interface Waiting {
  resolve(pack: PackedLinks): void;
  reject(error: Error): void;
}

/**
 * One reading thread. It keeps the process alive only while something waits for it. After an error that left
 * the HDF5 library in doubt it `isSpent`: it finishes what it has and then ends, and a new one should be used.
 * So it is, and ends at once, when it says nothing for `limits.archiveReadMs`: HDF5 may never come back from a file
 * that is damaged.
 */
export class ReadThread {
  readonly #worker: Thread;
  readonly #waiting = new Map<number, Waiting>();
  readonly #scans = new Set<number>();
  #nextId = 1;
  #isSpent = false;
  readonly #timers: Timers;
  #cancelWatch: CancelTimer = () => {};

  constructor(machine: ReadMachine = nodeMachine) {
    this.#timers = machine.timers;
    this.#worker = machine.startThread(new URL('./read-worker.js', import.meta.url), undefined);
    this.#worker.unref();
    this.#worker.on('message', (reply) => this.#settle(reply as ReadReply));
    this.#worker.on('error', (cause) => this.#fail('The thread that reads the archive failed.', cause));
    this.#worker.on('exit', () => this.#fail('The thread that reads the archive ended.'));
  }

  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** The records at rows of files, in the order asked for. */
  async read(files: RowsOfFile[]): Promise<Buffer[]> {
    const id = this.#nextId++;
    return linksOf(await this.#request(id, { kind: 'read', id, files }));
  }

  /** All links of a file from a row on. */
  async *scan(path: string, fromRow: number): AsyncGenerator<Buffer[], void> {
    for await (const pack of this.scanPacked(path, fromRow)) yield linksOf(pack);
  }

  /**
   * The same with the hashes of the events, batch by batch as the thread sends them. It works on the next
   * `limits.archiveBatchesAhead` while one is made use of, and then only when more are asked for.
   */
  async *scanPacked(path: string, fromRow: number): AsyncGenerator<PackedLinks, void> {
    const scan = this.#nextId++;
    this.#scans.add(scan);
    const asked: Promise<PackedLinks>[] = [];
    try {
      for (;;) {
        while (asked.length <= limits.archiveBatchesAhead) {
          const id = this.#nextId++;
          const batch = this.#request(id, { kind: 'next', id, scan, path, fromRow });
          // Where it fails is known when it is awaited, if it ever is.
          batch.catch(() => undefined);
          asked.push(batch);
        }
        const batch = await (asked.shift() as Promise<PackedLinks>);
        if (batch.ends.length === 0) return;
        yield batch;
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

  #request(id: number, request: ReadRequest): Promise<PackedLinks> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (this.#waiting.size === 1) this.#watch();
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  #settle(reply: ReadReply): void {
    const waiting = this.#waiting.get(reply.id);
    // An answer on its way when the thread was closed; whoever waits for its end must still be kept alive.
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id);
    this.#watch();
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.ok) {
      waiting.resolve(received(reply.packed));
      return;
    }
    this.#isSpent ||= reply.isSpent;
    waiting.reject(codedError(reply.error));
    this.#endIfSpent();
  }

  /** Gives the thread its time for the oldest request that waits. */
  #watch(): void {
    this.#cancelWatch();
    if (this.#waiting.size === 0) return;
    this.#cancelWatch = this.#timers.after(limits.archiveReadMs, () => void this.#giveUp());
  }

  /** The oldest request is the one that the thread is at. */
  async #giveUp(): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [id, { reject }] = first;
    this.#waiting.delete(id);
    const message = `A sealed segment could not be read within ${limits.archiveReadMs / 1000} s: its file is damaged, or its disk fails. Run "fi-consult verify".`;
    reject(new CodedError('ARCHIVE_DAMAGED', message));
    this.#fail('Reading was held up by a damaged file. Try again shortly.', undefined, 'OVERLOADED');
    await this.#worker.terminate();
  }

  #endIfSpent(): void {
    if (this.#isSpent && this.#waiting.size === 0 && this.#scans.size === 0) void this.#worker.terminate();
  }

  #fail(message: string, cause?: unknown, code: ErrorCode = 'INTERNAL_ERROR'): void {
    this.#isSpent = true;
    this.#cancelWatch();
    for (const { reject } of this.#waiting.values()) reject(new CodedError(code, message, { cause }));
    this.#waiting.clear();
  }
}
