/** What the model (model.ts) is given, and what it says of larger machines, as figures. */
import { median, scalar } from '../harness/measures.js';
import type { Scalar } from '../harness/result.js';
import type { Group } from './groups.js';
import {
  automaticWorkers,
  best,
  type Cost,
  type Costs,
  halfAndHalf,
  type Modelled,
  modelled,
  ONE_PROCESS,
  recommended,
  storeBound,
  workersToSaturate,
} from './model.js';
import type { MeasuredRole } from './processor-time.js';

/** The machines that something is said of. */
export const CORES = [2, 4, 8, 16];
/** Half of the requests each, where two kinds were measured. */
export const MIXED = 'mixed';

export interface Work {
  work: string;
  costs: Costs;
}

/** The kinds of work of which every cost was measured, and half of each of the first two. */
export function worksOf(groups: readonly Group[]): Work[] {
  const measured = namesOf(groups).flatMap((work): Work[] => {
    const costs = costsOf(groups.filter((group) => group.work === work));
    return costs === undefined ? [] : [{ work, costs }];
  });
  const [first, second] = measured;
  if (first === undefined || second === undefined) return measured;
  return [...measured, { work: MIXED, costs: halfAndHalf(first.costs, second.costs) }];
}

export const namesOf = (groups: readonly Group[]): string[] => [...new Set(groups.map(({ work }) => work))];

function costsOf(groups: readonly Group[]): Costs | undefined {
  const cost = (role: MeasuredRole): Cost | undefined => {
    const mainUs = middle(groups, ({ us }) => us(`${role}_main_us`));
    const threadsUs = middle(groups, ({ us }) => us(`${role}_threads_us`));
    return Number.isNaN(mainUs + threadsUs) ? undefined : { mainUs, threadsUs };
  };
  const [process, store, worker] = [cost('process'), cost('store'), cost('workers')];
  return process && store && worker && { process, store, worker };
}

/** The median of the groups that have the figure, whatever their number of workers; NaN of none. */
export const middle = (groups: readonly Group[], of: (group: Group) => number): number =>
  median(groups.map(of).filter((value) => !Number.isNaN(value)));

/** Cores that the load generator used. */
const generatorCores = ({ rate, us }: Group): number => (us('generator_us') * rate) / 1e6;

/** Its part of all processor time that it and the service used. */
export function generatorShare(group: Group): number {
  const cores = generatorCores(group);
  return cores / (cores + group.cpu);
}

/** The rate that was measured over what the model says of the same machine less what the load generator used. */
export function measuredOverModelled(group: Group, costs: Costs): number {
  const cores = (group.cores ?? Number.NaN) - generatorCores(group);
  return group.rate / modelled(costs, group.workers, cores).rate;
}

/** What FI_WORKERS=auto would answer. */
export const automatic = (costs: Costs, cores: number): Modelled =>
  modelled(costs, automaticWorkers(cores), cores);

export const automaticShare = (costs: Costs, cores: number): number =>
  automatic(costs, cores).rate / best(costs, cores).rate;

/** Every figure by its name, which begins with the kind of work. What could not be measured is missing. */
export function capacityFigures(groups: readonly Group[], works: readonly Work[]): Record<string, Scalar> {
  const generator = namesOf(groups).flatMap((work): [string, Scalar][] => {
    const own = groups.filter((group) => group.work === work);
    return [
      [
        `${work}_generator_us`,
        scalar(
          middle(own, ({ us }) => us('generator_us')),
          'us',
        ),
      ],
      [`${work}_generator_share`, scalar(middle(own, generatorShare), '')],
    ];
  });
  const beside = works.map(({ work, costs }): [string, Scalar] => {
    const own = groups.filter((group) => group.work === work);
    const ratio = middle(own, (group) => measuredOverModelled(group, costs));
    return [`${work}_measured_over_modelled`, scalar(ratio, '')];
  });
  const all = [...generator, ...works.flatMap(workFigures), ...beside];
  return Object.fromEntries(all.filter(([, { value }]) => !Number.isNaN(value)));
}

function workFigures({ work, costs }: Work): [string, Scalar][] {
  const { process, store, worker } = costs;
  const us = Object.entries({ process, store, worker }).flatMap(
    ([part, { mainUs, threadsUs }]): [string, number][] => [
      [`${part}_main_us`, mainUs],
      [`${part}_threads_us`, threadsUs],
    ],
  );
  const apart = (store.threadsUs + worker.threadsUs) / process.threadsUs;
  const figures: [string, Scalar][] = [
    ...us.map(([name, value]): [string, Scalar] => [name, scalar(value, 'us', 'lower')]),
    ['threads_over_one_process', scalar(apart, '', 'lower')],
    ['store_saturates_at', scalar(storeBound(costs), 'requests/s', 'higher')],
    ['workers_to_saturate', scalar(workersToSaturate(costs), 'workers')],
    ...CORES.flatMap((cores) => figuresOn(cores, costs)),
  ];
  return figures.map(([name, figure]) => [`${work}_${name}`, figure]);
}

function figuresOn(cores: number, costs: Costs): [string, Scalar][] {
  const { workers, rate } = recommended(costs, cores);
  const one = modelled(costs, ONE_PROCESS, cores).rate;
  return [
    [`modelled_one_process_${cores}_cores`, scalar(one, 'requests/s', 'higher')],
    [`modelled_recommended_${cores}_cores`, scalar(rate, 'requests/s', 'higher')],
    [`recommended_workers_${cores}_cores`, scalar(workers, 'workers')],
    [`automatic_over_best_${cores}_cores`, scalar(automaticShare(costs, cores), '', 'higher')],
  ];
}
