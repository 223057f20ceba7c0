/** The capacity of larger machines (capacity.ts) in sentences, tables and a chart. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import type { Chart, Table } from '../harness/result.js';
import {
  automatic,
  automaticShare,
  CORES,
  capacityFigures,
  generatorShare,
  MIXED,
  measuredOverModelled,
  middle,
  namesOf,
  type Work,
  worksOf,
} from './capacity.js';
import { type Group, groupName } from './groups.js';
import {
  best,
  isAsGood,
  modelled,
  ONE_PROCESS,
  recommended,
  storeBound,
  workersToSaturate,
} from './model.js';

const titleOf = (work: string): string => (work === MIXED ? 'reads and appends, half and half' : work);
const text = (value: number): string => figure(Number.isNaN(value) ? null : value);

/** Nothing is said of work of which a cost is missing. */
export function capacityReport(groups: readonly Group[]): Required<Omit<Summary, 'checks'>> {
  const works = worksOf(groups);
  return {
    derived: capacityFigures(groups, works),
    findings: [
      ...namesOf(groups).flatMap((work) => generatorFinding(groups.filter((group) => group.work === work))),
      ...works.map(storeFinding),
      ...works.flatMap((work) => modelFinding(groups, work)),
      ...works.map(recommendation),
      ...(works.length === 0 ? [] : [automaticFinding(works)]),
    ],
    charts: works.length === 0 ? [] : [modelChart(works)],
    tables: works.length === 0 ? [] : [timeTable(groups, works), modelTable(works)],
  };
}

function generatorFinding(groups: readonly Group[]): string[] {
  const shares = groups.map(generatorShare).filter((share) => !Number.isNaN(share));
  if (shares.length === 0) return [];
  const us = middle(groups, (group) => group.us('generator_us'));
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => (share * 100).toFixed(0));
  const range = least === most ? least : `${least} to ${most}`;
  return [
    `${groups[0]?.work}: the load generator takes ${text(us)} µs of processor time a request, ${range} % of all that is used.`,
  ];
}

function storeFinding({ work, costs }: Work): string {
  const { process, store, worker } = costs;
  const workers = workersToSaturate(costs);
  const workersText = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  return `${titleOf(work)}: a request takes ${text(store.mainUs)} µs of the main thread of the store and ${text(worker.mainUs)} of that of a worker, or ${text(process.mainUs)} of that of one process; with all threads ${text(store.threadsUs + worker.threadsUs)} in two processes and ${text(process.threadsUs)} in one. By the model the store is full at ${text(storeBound(costs))} ${work === 'appends' ? 'events' : 'requests'} a second, which ${workersText} can bring.`;
}

/** How far the model is from what this machine did. */
function modelFinding(groups: readonly Group[], { work, costs }: Work): string[] {
  const ratios = groups
    .filter((group) => group.work === work)
    .map((group) => measuredOverModelled(group, costs))
    .filter((ratio) => !Number.isNaN(ratio));
  if (ratios.length === 0) return [];
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return [
    `${work}: this machine answered ${text(least)} to ${text(most)} of what the model says of its cores less what the load generator used. What is missing was waiting, for the disk or for processors that others used; more cores do not shorten the former.`,
  ];
}

function recommendation({ work, costs }: Work): string {
  const each = CORES.map((cores) => {
    const { workers, rate } = recommended(costs, cores);
    const one = modelled(costs, ONE_PROCESS, cores);
    const beside = workers === ONE_PROCESS ? '' : `, one process ${text(one.rate)}/s`;
    return `${cores} cores ${groupName(workers)} (${text(rate)}/s${beside})`;
  });
  return `${titleOf(work)}, recommended by the model, clients elsewhere: ${each.join('; ')}.`;
}

/** Where the rule of FI_WORKERS=auto is as good as the best, and where it is not. */
function automaticFinding(works: readonly Work[]): string {
  const misses = works.flatMap(({ work, costs }) =>
    CORES.flatMap((cores) => {
      const most = best(costs, cores);
      const own = automatic(costs, cores);
      if (isAsGood(own, most)) return [];
      const { workers } = recommended(costs, cores);
      return [
        `${titleOf(work)} on ${cores} cores (${groupName(own.workers)} ${text(own.rate / most.rate)} of the best, recommended ${groupName(workers)})`,
      ];
    }),
  );
  const rule = `FI_WORKERS=auto (a worker for each core but one, from 1 to 4) is within 5 % of the modelled best on ${CORES.join(', ')} cores`;
  return misses.length === 0 ? `${rule}.` : `${rule}, except for ${misses.join('; ')}.`;
}

function timeTable(groups: readonly Group[], works: readonly Work[]): Table {
  const rows = namesOf(groups).flatMap((name) => groups.filter(({ work }) => work === name));
  return {
    title: 'Processor time of a request, µs: main thread / all threads',
    head: [
      '',
      'one process',
      'the store',
      'the workers',
      'load generator',
      'its share',
      'measured over modelled',
    ],
    rows: rows.map((group) => {
      const costs = works.find(({ work }) => work === group.work)?.costs;
      return [
        `${group.work}, ${groupName(group.workers)}`,
        ...['process', 'store', 'workers'].map(
          (role) => `${text(group.us(`${role}_main_us`))} / ${text(group.us(`${role}_threads_us`))}`,
        ),
        text(group.us('generator_us')),
        text(generatorShare(group)),
        text(costs === undefined ? Number.NaN : measuredOverModelled(group, costs)),
      ];
    }),
    note: 'Medians of the runs; – where there is no such process, or its clock ticked less than ten times. The last column is the measured rate over what the model says of this machine less what the load generator used.',
  };
}

function modelTable(works: readonly Work[]): Table {
  return {
    title: 'Requests a second by the model, not measured',
    head: [
      '',
      'one process',
      'recommended',
      'its rate',
      'bound by',
      'FI_WORKERS=auto',
      'its rate',
      'of the best',
    ],
    rows: works.flatMap(({ work, costs }) =>
      CORES.map((cores) => {
        const { workers, rate, bound } = recommended(costs, cores);
        const own = automatic(costs, cores);
        return [
          `${titleOf(work)}, ${cores} cores`,
          text(modelled(costs, ONE_PROCESS, cores).rate),
          groupName(workers),
          text(rate),
          bound,
          groupName(own.workers),
          text(own.rate),
          text(automaticShare(costs, cores)),
        ];
      }),
    ),
    note: 'The least of what the main threads of the store and of all workers, and the cores with all threads, can do at the measured processor time of a request (the median of all numbers of workers). Recommended are the fewest workers within 5 % of the best, one process included. Assumed: cores as here and for the service alone, clients elsewhere; costs that change neither with cores nor with workers; work dealt out evenly; no limit by disk, memory or network. So these are upper bounds.',
  };
}

function modelChart(works: readonly Work[]): Chart {
  const line = (name: string, rate: (cores: number) => number) => ({
    name,
    points: CORES.map((cores) => ({ x: cores, y: rate(cores) })),
  });
  return {
    title: 'Requests a second by the model, by cores',
    kind: 'line',
    x: { label: 'cores', unit: '', scale: 'linear' },
    y: { label: 'requests', unit: '1/s', scale: 'linear' },
    series: works.flatMap(({ work, costs }) => [
      line(`${titleOf(work)}, one process`, (cores) => modelled(costs, ONE_PROCESS, cores).rate),
      line(`${titleOf(work)}, recommended`, (cores) => recommended(costs, cores).rate),
    ]),
  };
}
