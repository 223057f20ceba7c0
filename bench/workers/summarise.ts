/** What follows from the runs of each number of processes: the best of them, and what more of them take. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { scalar } from '../harness/measures.js';
import type { CaseResult, Chart, Table } from '../harness/result.js';
import { capacityReport } from './capacity-report.js';
import { type Group, groupName, groupsOf } from './groups.js';
import { ONE_PROCESS } from './model.js';

export function summarise(cases: readonly CaseResult[]): Summary {
  const groups = groupsOf(cases);
  const works = [...new Set(groups.map(({ work }) => work))];
  const of = (work: string): Group[] => groups.filter((group) => group.work === work);
  const cores = groups[0]?.cores;
  const modelled = capacityReport(groups);
  return {
    derived: {
      ...Object.fromEntries(
        works.flatMap((work) =>
          ratiosToOne(of(work)).map(({ workers, ratio }) => {
            return [`${work}_${workers}_workers_over_one_process`, scalar(ratio, '', 'higher')] as const;
          }),
        ),
      ),
      ...modelled.derived,
    },
    findings: [
      ...works.flatMap((work) => workFinding(work, of(work))),
      ...memoryFinding(of('appends')),
      ...(cores === undefined
        ? []
        : [`The machine has ${cores} cores, which the processes and the client share.`]),
      ...modelled.findings,
    ],
    charts:
      works.length === 0 ? [] : [rateChart(works, groups), memoryChart(of('appends')), ...modelled.charts],
    tables: [...works.map((work) => workTable(work, of(work))), ...modelled.tables],
  };
}

function ratiosToOne(groups: readonly Group[]): { workers: number; ratio: number }[] {
  const one = groups.find(({ workers }) => workers === ONE_PROCESS);
  if (one === undefined) return [];
  return groups
    .filter((group) => group !== one)
    .map(({ workers, rate }) => ({ workers, ratio: rate / one.rate }));
}

const text = (value: number): string => figure(Number.isNaN(value) ? null : value);
const ms = (microseconds: number | null | undefined): string =>
  figure(microseconds == null ? null : microseconds / 1000);

function workFinding(work: string, groups: readonly Group[]): string[] {
  const one = groups.find(({ workers }) => workers === ONE_PROCESS);
  const best = groups.reduce<Group | undefined>(
    (a, b) => (a === undefined || b.rate > a.rate ? b : a),
    undefined,
  );
  if (best === undefined) return [];
  const all = groups.map(({ workers, rate, latency, cpu }) => {
    return `${groupName(workers)} ${text(rate)}/s, p99 ${ms(latency?.p99)} ms, ${text(cpu)} cores`;
  });
  const beside =
    one === undefined || best === one ? '' : `, ${(best.rate / one.rate).toFixed(2)} times one process`;
  return [`${work} at 64 connections: ${all.join('; ')}. The most: ${groupName(best.workers)}${beside}.`];
}

function memoryFinding(groups: readonly Group[]): string[] {
  const [first, last] = [groups[0], groups.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const [few, many] = [first, last].map(({ workers, shared }) => `${groupName(workers)} ${text(shared)} MiB`);
  return [`Memory in all, shared pages once: ${few}, ${many}.`];
}

function workTable(work: string, groups: readonly Group[]): Table {
  return {
    title: `${work}, by processes (runs together)`,
    head: [
      '',
      'requests/s',
      'p50, ms',
      'p95, ms',
      'p99, ms',
      'cores in all',
      'resident in all, MiB',
      'shared once, MiB',
    ],
    rows: groups.map(({ workers, rate, latency, cpu, resident, shared }) => [
      groupName(workers),
      text(rate),
      ...[latency?.p50, latency?.p95, latency?.p99].map(ms),
      text(cpu),
      text(resident),
      text(shared),
    ]),
    note: 'Closed loop. Cores and memory are those of all processes, the one that deals out connections included, without the client.',
  };
}

function rateChart(works: readonly string[], groups: readonly Group[]): Chart {
  const names = [...new Set(groups.map(({ workers }) => workers))];
  return {
    title: 'Requests a second, by processes',
    kind: 'bar',
    x: { label: 'processes', unit: '', scale: 'linear' },
    y: { label: 'requests', unit: '1/s', scale: 'linear' },
    series: works.map((work) => ({
      name: work === 'appends' ? 'appends (fsync)' : work,
      points: names.flatMap((workers) => {
        const group = groups.find((candidate) => candidate.work === work && candidate.workers === workers);
        if (group === undefined) return [];
        const { rate, rates } = group;
        return [{ x: groupName(workers), y: rate, low: Math.min(...rates), high: Math.max(...rates) }];
      }),
    })),
  };
}

function memoryChart(groups: readonly Group[]): Chart {
  return {
    title: 'Memory of all processes after appends',
    kind: 'bar',
    x: { label: 'processes', unit: '', scale: 'linear' },
    y: { label: 'memory', unit: 'MiB', scale: 'linear' },
    series: [
      {
        name: 'shared pages once',
        points: groups.flatMap(({ workers, shared }) =>
          Number.isNaN(shared) ? [] : [{ x: groupName(workers), y: shared }],
        ),
      },
    ],
  };
}
