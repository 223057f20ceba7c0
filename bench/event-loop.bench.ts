/**
 * What holds the event loop up: waits and appends by the thousand, HDF5 on the main thread and off it, the size of
 * libuv's thread pool, io_uring.
 *
 * No HTTP and no client: everything happens in one process, so that what is seen is the loop. What is set when a process
 * starts cannot take turns within one; these cases are run twice instead, the second time in the other order.
 */
import {
  appends,
  besideHdf5,
  besidePoolWork,
  inRuntime,
  type Measures,
  waits,
  withIoUring,
} from './event-loop/cases.js';
import { summarise } from './event-loop/summarise.js';
import {
  type CaseContext,
  type CaseDefinition,
  defineBenchmark,
  type RunOptions,
} from './harness/benchmark.js';
import type { Parameters } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';

const CONCURRENT = [1000, 10_000];
const POOLS = [2, 4, 8, 16];
const RUNTIMES = ['node', 'bun', 'deno'];
const RUNTIME_WAITS = 1000;
const TIME_LIMIT_SECONDS = 90;

function cases({ size }: RunOptions): CaseDefinition[] {
  const define = (name: string, parameters: Parameters, env: Record<string, string> = {}): CaseDefinition => {
    return { name, parameters, env, timeLimitSeconds: TIME_LIMIT_SECONDS };
  };
  const turns = size === 'smoke' ? [1] : [1, 2];
  const inTurn = <T>(values: readonly T[], run: number) => (run === 1 ? values : values.toReversed());
  const concurrent = size === 'smoke' ? CONCURRENT.slice(0, 1) : CONCURRENT;
  const pools = size === 'smoke' ? POOLS.slice(0, 1) : POOLS;
  const places = ['nowhere', 'worker', 'main'];
  return [
    ...concurrent.map((count) => define(`${figure(count)} waits of 1 ms`, { kind: 'waits', count })),
    ...concurrent.map((count) => define(`${figure(count)} appends`, { kind: 'appends', count })),
    ...turns.flatMap((run) =>
      inTurn(places, run).map((where) =>
        define(`64 appends, HDF5 ${WHERE[where]}, run ${run}`, { kind: 'hdf5', where, run }),
      ),
    ),
    ...turns.flatMap((run) =>
      inTurn(pools, run).map((pool) =>
        define(
          `64 appends and 16 compressions, ${pool} pool threads, run ${run}`,
          { kind: 'pool', pool, run },
          { UV_THREADPOOL_SIZE: String(pool) },
        ),
      ),
    ),
    ...turns.flatMap((run) =>
      inTurn([false, true], run).map((wanted) =>
        define(
          `64 appends, io_uring ${wanted ? 'on' : 'off'}, run ${run}`,
          { kind: 'io_uring', wanted, run },
          { UV_USE_IO_URING: wanted ? '1' : '0' },
        ),
      ),
    ),
    ...RUNTIMES.map((runtime) =>
      define(`${figure(RUNTIME_WAITS)} waits in ${runtime}`, { kind: 'runtime', runtime }),
    ),
  ];
}

const WHERE: Readonly<Record<string, string>> = {
  nowhere: 'nowhere',
  worker: 'in a worker thread',
  main: 'on the main thread',
};
const figure = (value: number): string => value.toLocaleString('en-US');

function run(parameters: Parameters, context: CaseContext): Promise<Measures> {
  const { kind, count, where, wanted, runtime } = parameters;
  if (kind === 'waits') return waits(Number(count), context);
  if (kind === 'appends') return appends(Number(count), context);
  if (kind === 'hdf5') return besideHdf5(String(where), context);
  if (kind === 'pool') return besidePoolWork(context);
  if (kind === 'io_uring') return withIoUring(wanted === true, context);
  return inRuntime(String(runtime), RUNTIME_WAITS, context);
}

export const benchmark = defineBenchmark({
  name: 'event-loop',
  title: 'The event loop',
  question:
    'What holds the event loop up, and what do a worker thread, a larger thread pool and io_uring change?',
  cases,
  async measure(parameters, context) {
    const measures = await run(parameters, context);
    const { kind } = parameters;
    const isDurable = kind !== 'waits' && kind !== 'runtime';
    const name = cases(context).find(({ parameters: other }) => isSame(other, parameters))?.name ?? '';
    return [{ name, parameters, durability: isDurable ? 'fsync' : 'memory', invalid: [], measures }];
  },
  summarise,
});

const isSame = (a: Parameters, b: Parameters): boolean => JSON.stringify(a) === JSON.stringify(b);
await runAsMain(import.meta.url, benchmark);
