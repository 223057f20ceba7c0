/**
 * What a store and its workers would answer on other machines: a model from measured processor time, not a measurement.
 *
 * It assumes that
 * - a request costs what it cost where it was measured: cores are alike, and neither their number nor that of workers
 *   changes a cost;
 * - processor time alone bounds a rate: the disk, memory and the network keep up, and there are always requests enough;
 * - a main thread can use a whole core, what other threads do can be on any core, and work is dealt out evenly;
 * - the cores are the service's alone: clients are elsewhere.
 *
 * So its rates are upper bounds, and their order is worth more than their height.
 */
import { limits } from '../../src/domain/limits.js';

/** Microseconds of processor time a request: of the main thread, and of all threads of a process, that one included. */
export interface Cost {
  mainUs: number;
  threadsUs: number;
}

/** One kind of work. `worker` is what a request costs the worker that takes it. */
export interface Costs {
  process: Cost;
  store: Cost;
  worker: Cost;
}

/** As a number of workers: one process that does everything. */
export const ONE_PROCESS = 0;

/** Who answers within so much of the best is as good: fewer processes are then the better ones. */
const AS_GOOD = 0.95;

export type Bound = 'its main thread' | 'the store' | 'the workers' | 'the cores';

export interface Modelled {
  workers: number;
  /** Requests a second. */
  rate: number;
  /** What keeps it from being higher. */
  bound: Bound;
}

/** Requests a second that fill the main thread of the only store there is, whatever the machine. */
export const storeBound = ({ store }: Costs): number => 1e6 / store.mainUs;

/** So many workers bring what fills the store. */
export const workersToSaturate = ({ store, worker }: Costs): number =>
  Math.ceil(worker.mainUs / store.mainUs);

/** The rate of so many workers, or of ONE_PROCESS, on so many cores, which may be a fraction. */
export function modelled(costs: Costs, workers: number, cores: number): Modelled {
  const { process, store, worker } = costs;
  const bounds: [Bound, number][] =
    workers === ONE_PROCESS
      ? [
          ['its main thread', 1e6 / process.mainUs],
          ['the cores', (cores * 1e6) / process.threadsUs],
        ]
      : [
          ['the store', storeBound(costs)],
          ['the workers', (workers * 1e6) / worker.mainUs],
          ['the cores', (cores * 1e6) / (store.threadsUs + worker.threadsUs)],
        ];
  const [bound, rate] = bounds.reduce((least, next) => (next[1] < least[1] ? next : least));
  return { workers, rate, bound };
}

/** The most of any number of workers, one process included. */
export function best(costs: Costs, cores: number): Modelled {
  return choices(costs, cores).reduce((most, next) => (next.rate > most.rate ? next : most));
}

/** The fewest workers that are within 5 % of the best; one process where it is. */
export function recommended(costs: Costs, cores: number): Modelled {
  const most = best(costs, cores);
  return choices(costs, cores).find((choice) => isAsGood(choice, most)) ?? most;
}

export const isAsGood = ({ rate }: Modelled, most: Modelled): boolean => rate >= AS_GOOD * most.rate;

/** What `FI_WORKERS=auto` starts, as pm2.config.cjs has it. */
export const automaticWorkers = (cores: number): number => Math.min(4, Math.max(1, cores - 1));

/** Requests that are one half of the one and one half of the other kind: time adds up. */
export function halfAndHalf(one: Costs, other: Costs): Costs {
  const mean = (part: keyof Costs): Cost => ({
    mainUs: (one[part].mainUs + other[part].mainUs) / 2,
    threadsUs: (one[part].threadsUs + other[part].threadsUs) / 2,
  });
  return { process: mean('process'), store: mean('store'), worker: mean('worker') };
}

function choices(costs: Costs, cores: number): Modelled[] {
  return Array.from({ length: limits.workersMax + 1 }, (_, workers) => modelled(costs, workers, cores));
}
