/** Does many simulated runs, one seed after another, in a few threads. */
import { Worker } from 'node:worker_threads';
import type { BrokenDisk } from './broken-disks.js';
import type { RunReply, RunRequest } from './runs-worker.js';
import type { RunFigures } from './simulated-run.js';

/**
 * After so many runs a thread is replaced: a disk that fails in the middle of a call of the HDF5 library leaves handles
 * open in it.
 */
const RUNS_PER_THREAD = 200;
/** A run takes some hundredth of a second; what takes this long does not end. */
const RUN_MS_MAX = 300_000;
/** The same for one in which the HDF5 library may loop: the service gives its thread up, and so do we. */
const MISREAD_RUN_MS_MAX = 30_000;
const LOOK_MS = 1000;

export interface ManyRunsOptions {
  firstSeed: number;
  runs: number;
  threads: number;
  /** Ends it after so many failures. */
  failuresMax: number;
  broken?: BrokenDisk;
  onRun?: (done: number) => void;
}

export interface Failure {
  seed: number;
  what: string;
  /** Whether the same seed, by itself in a new thread, failed in the same way. */
  isRepeated: boolean;
}

export interface ManyRuns {
  runs: number;
  /** Of these the runs in which the HDF5 library never came back from a bit that was wrong; not looked at further. */
  givenUp: number;
  /** The sums over all other runs that did not fail. */
  figures: RunFigures;
  failures: Failure[];
}

export async function runMany(options: ManyRunsOptions): Promise<ManyRuns> {
  const { firstSeed, runs, threads, failuresMax, broken, onRun } = options;
  const total: Record<string, number> = {};
  const failures: Failure[] = [];
  let next = 0;
  let done = 0;
  let givenUp = 0;
  const work = async (): Promise<void> => {
    const thread = new RunThread(broken);
    try {
      while (next < runs && failures.length < failuresMax) {
        const seed = firstSeed + next;
        next += 1;
        const { figures, failure, isGivenUp } = await thread.run(seed);
        if (isGivenUp) givenUp += 1;
        for (const [name, value] of Object.entries(figures ?? {})) total[name] = (total[name] ?? 0) + value;
        if (failure !== undefined) failures.push({ seed, ...(await repeated(seed, failure, broken)) });
        done += 1;
        onRun?.(done);
      }
    } finally {
      await thread.close();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return { runs: done, givenUp, figures: total as unknown as RunFigures, failures };
}

async function repeated(
  seed: number,
  what: string,
  broken: BrokenDisk | undefined,
): Promise<Omit<Failure, 'seed'>> {
  const thread = new RunThread(broken);
  const { failure } = await thread.run(seed);
  await thread.close();
  return { what, isRepeated: firstLine(failure) === firstLine(what) };
}

const firstLine = (text: string | undefined): string | undefined => text?.split('\n', 1)[0];

/** A thread that does runs, and another one after it when it has done enough. */
class RunThread {
  private worker: Worker | undefined;
  private runs = 0;
  private readonly misread = new Int32Array(new SharedArrayBuffer(4));

  constructor(private readonly broken: BrokenDisk | undefined) {}

  /** Never rejects: an error that nobody caught is a failure of the run. */
  async run(seed: number): Promise<RunReply> {
    if (this.runs >= RUNS_PER_THREAD) await this.close();
    this.runs += 1;
    // The HDF5 library writes to standard error what it also throws.
    this.worker ??= new Worker(new URL('./runs-worker.js', import.meta.url), {
      stderr: true,
      workerData: this.misread,
    });
    const { worker } = this;
    let timer: NodeJS.Timeout | undefined;
    const reply = await new Promise<RunReply>((resolve) => {
      timer = this.giveUpAfterAWhile(seed, resolve);
      worker.once('message', resolve);
      worker.once('error', (error) => resolve({ seed, failure: `not caught: ${error.stack}` }));
      worker.postMessage({ seed, broken: this.broken } satisfies RunRequest);
    });
    clearInterval(timer);
    worker.removeAllListeners('error');
    worker.removeAllListeners('message');
    if (reply.figures === undefined) await this.close();
    return reply;
  }

  private giveUpAfterAWhile(seed: number, resolve: (reply: RunReply) => void): NodeJS.Timeout {
    const startedMs = performance.now();
    return setInterval(() => {
      const isMisread = Atomics.load(this.misread, 0) === 1;
      const ms = performance.now() - startedMs;
      if (isMisread && ms > MISREAD_RUN_MS_MAX) resolve({ seed, isGivenUp: true });
      else if (ms > RUN_MS_MAX) resolve({ seed, failure: `it did not end in ${RUN_MS_MAX / 1000} s` });
    }, LOOK_MS);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
    this.runs = 0;
  }
}
