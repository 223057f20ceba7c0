/** What each case runs: appends or waits on the main thread, beside whatever might hold it. */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { type CaseContext, type Size, SkippedCase } from '../harness/benchmark.js';
import { latency, newHistogram, recordMs, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';
import { corpusLinks, syntheticCorpus } from '../support/corpus.js';
import { appendAtOnce, openJournal } from './appenders.js';
import { type Hdf5Work, prepareHdf5, type RunHdf5 } from './hdf5-work.js';
import { LoopWatch } from './loop-watch.js';
import { measureWaits } from './waits.js';

export type Measures = Record<string, Measure>;

interface Sizes {
  seconds: number;
  hdf5Seconds: number;
  hdf5Events: number;
  linkEvents: number;
}
const SIZES: Readonly<Record<Size, Sizes>> = {
  smoke: { seconds: 0.2, hdf5Seconds: 0.2, hdf5Events: 500, linkEvents: 500 },
  full: { seconds: 5, hdf5Seconds: 12, hdf5Events: 20_000, linkEvents: 20_000 },
};
/** Appends at the same time where something else is the question. */
const BESIDE = 64;
/** Bodies that are compressed at the same time, and their bytes. */
const GZIPS = 16;
const GZIP_BYTES = 64 * 1024;

const linksOf = ({ seed, size }: CaseContext): Buffer[] =>
  corpusLinks(syntheticCorpus(seed, SIZES[size].linkEvents), seed);

/** Waits of 1 ms, in this process. */
export async function waits(concurrent: number, { size }: CaseContext): Promise<Measures> {
  const watch = new LoopWatch();
  const { perSecond, lateMs } = await measureWaits(concurrent, SIZES[size].seconds);
  const loop = watch.stop();
  const histogram = newHistogram();
  for (const late of lateMs) recordMs(histogram, late);
  return { waits: scalar(perSecond, '1/s', 'higher'), lateness: latency(histogram), ...loop };
}

/** Appends to a real journal and nothing else. */
export async function appends(concurrent: number, context: CaseContext): Promise<Measures> {
  const log = await openJournal(join(context.directory, 'journal'));
  const links = linksOf(context);
  const watch = new LoopWatch();
  const { seconds } = SIZES[context.size];
  const appended = await appendAtOnce(log, { concurrent, seconds, links });
  const loop = watch.stop();
  await log.close();
  return { ...appended, ...loop };
}

/** Appends beside HDF5 work in the same thread, in another, or none (`nowhere`). */
export async function besideHdf5(where: string, context: CaseContext): Promise<Measures> {
  const { hdf5Seconds: seconds, hdf5Events: events } = SIZES[context.size];
  const log = await openJournal(join(context.directory, 'journal'));
  const links = linksOf(context);
  const directory = join(context.directory, 'hdf5');
  await mkdir(directory);
  const run = await HDF5_PLACES[where]?.({ directory, seed: context.seed, events });
  const watch = new LoopWatch();
  const [appended, worked] = await Promise.all([
    appendAtOnce(log, { concurrent: BESIDE, seconds, links }),
    run?.(Date.now() + seconds * 1000),
  ]);
  const loop = watch.stop();
  await log.close();
  return {
    ...appended,
    ...(worked !== undefined && { hdf5: scalar(worked, 'events/s', 'higher') }),
    ...loop,
  };
}

async function inWorker(work: Hdf5Work): Promise<RunHdf5> {
  const worker = new Worker(new URL('./hdf5-worker.js', import.meta.url), { workerData: work });
  await once(worker, 'message');
  return async (untilMs) => {
    const answered = once(worker, 'message');
    worker.postMessage(untilMs);
    const [rate] = (await answered) as [number];
    await worker.terminate();
    return rate;
  };
}

const HDF5_PLACES: Readonly<Record<string, (work: Hdf5Work) => Promise<RunHdf5>>> = {
  main: prepareHdf5,
  worker: inWorker,
};

/** Appends beside compression in libuv's thread pool, of which the case's environment says how large it is. */
export async function besidePoolWork(context: CaseContext): Promise<Measures> {
  const log = await openJournal(join(context.directory, 'journal'));
  const links = linksOf(context);
  const { seconds } = SIZES[context.size];
  const body = randomFillSync(Buffer.alloc(GZIP_BYTES));
  let compressed = 0;
  const until = performance.now() + seconds * 1000;
  const compress = async (): Promise<void> => {
    while (performance.now() < until) {
      await promisify(gzip)(body);
      compressed += 1;
    }
  };
  const watch = new LoopWatch();
  const [appended] = await Promise.all([
    appendAtOnce(log, { concurrent: BESIDE, seconds, links }),
    ...Array.from({ length: GZIPS }, compress),
  ]);
  const loop = watch.stop();
  await log.close();
  return { ...appended, compressions: scalar(compressed / seconds, '1/s', 'higher'), ...loop };
}

/** Appends with or without io_uring, which is looked for in what the process has open. */
export async function withIoUring(wanted: boolean, context: CaseContext): Promise<Measures> {
  const measures = await appends(BESIDE, context);
  const used = await usesIoUring();
  if (wanted && !used)
    throw new SkippedCase('UV_USE_IO_URING=1 opens no io_uring here: kernel, container or Node');
  if (!wanted && used) throw new Error('io_uring is in use although it was turned off');
  return measures;
}

/** libuv has an io_uring of its own for polling, too; the one for files is open after the first write. */
async function usesIoUring(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const open = await readdir('/proc/self/fd');
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.some((target) => target.includes('io_uring'));
}

/** The waits in another runtime, by the same program. */
export async function inRuntime(
  runtime: string,
  concurrent: number,
  { size }: CaseContext,
): Promise<Measures> {
  const program = fileURLToPath(new URL('./waits-program.js', import.meta.url));
  const [command, ...flags] = runtime === 'node' ? [process.execPath] : [runtime, 'run'];
  const allowed = runtime === 'deno' ? ['--allow-all'] : [];
  const args = [...flags, ...allowed, program, String(concurrent), String(SIZES[size].seconds)];
  const { stdout } = await promisify(execFile)(command as string, args).catch((error: { code?: unknown }) => {
    if (error.code === 'ENOENT') throw new SkippedCase(`${runtime} is not installed`);
    throw error;
  });
  const { perSecond, p50, p99, max } = JSON.parse(stdout) as Record<
    'perSecond' | 'p50' | 'p99' | 'max',
    number
  >;
  return {
    waits: scalar(perSecond, '1/s', 'higher'),
    late_p50: scalar(p50, 'ms', 'lower'),
    late_p99: scalar(p99, 'ms', 'lower'),
    late_max: scalar(max, 'ms', 'lower'),
  };
}
