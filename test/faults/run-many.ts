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
  /** The sums over all runs that did not fail. */
  figures: RunFigures;
  failures: Failure[];
}

export async function runMany(options: ManyRunsOptions): Promise<ManyRuns> {
  const { firstSeed, runs, threads, failuresMax, broken, onRun } = options;
  const total: Record<string, number> = {};
  const failures: Failure[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    const thread = new RunThread(broken);
    try {
      while (next < runs && failures.length < failuresMax) {
        const seed = firstSeed + next;
        next += 1;
        const { figures, failure } = await thread.run(seed);
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
  return { runs: done, figures: total as unknown as RunFigures, failures };
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

  constructor(private readonly broken: BrokenDisk | undefined) {}

  /** Never rejects: an error that nobody caught is a failure of the run. */
  async run(seed: number): Promise<RunReply> {
    if (this.runs >= RUNS_PER_THREAD) await this.close();
    this.runs += 1;
    // The HDF5 library writes to standard error what it also throws.
    this.worker ??= new Worker(new URL('./runs-worker.js', import.meta.url), { stderr: true });
    const { worker } = this;
    const reply = await new Promise<RunReply>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve({ seed, failure: `not caught: ${error.stack}` }));
      worker.postMessage({ seed, broken: this.broken } satisfies RunRequest);
    });
    worker.removeAllListeners('error');
    worker.removeAllListeners('message');
    if (reply.failure !== undefined) await this.close();
    return reply;
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
    this.runs = 0;
  }
}
