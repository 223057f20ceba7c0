/** What follows from the runs of each number of processes: the best of them, and what more of them take. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { histogramOf, median, percentilesOf, scalar, scalarValue } from '../harness/measures.js';
import type { CaseResult, Chart, Percentiles, Table } from '../harness/result.js';

/** How a number of workers is called; 0 stands for one process without any. */
export const groupName = (workers: number): string =>
  workers === 0 ? 'one process' : `a store and ${workers} ${workers === 1 ? 'worker' : 'workers'}`;

interface Group {
  work: string;
  workers: number;
  rates: number[];
  rate: number;
  latency: Percentiles | undefined;
  cpu: number;
  resident: number;
  shared: number;
}

export function summarise(cases: readonly CaseResult[]): Summary {
  const groups = groupsOf(cases);
  const works = [...new Set(groups.map(({ work }) => work))];
  const of = (work: string): Group[] => groups.filter((group) => group.work === work);
  const cores = scalarValue(cases.find(({ measures }) => measures.cores)?.measures.cores);
  return {
    derived: Object.fromEntries(
      works.flatMap((work) =>
        ratiosToOne(of(work)).map(({ workers, ratio }) => {
          return [`${work}_${workers}_workers_over_one_process`, scalar(ratio, '', 'higher')] as const;
        }),
      ),
    ),
    findings: [
      ...works.flatMap((work) => workFinding(work, of(work))),
      ...memoryFinding(of('appends')),
      ...(cores === undefined
        ? []
        : [`The machine has ${cores} cores, which the processes and the client share.`]),
    ],
    charts: works.length === 0 ? [] : [rateChart(works, groups), memoryChart(of('appends'))],
    tables: works.map((work) => workTable(work, of(work))),
  };
}

/** The runs of the same case together: rates as medians, histograms added up. */
function groupsOf(cases: readonly CaseResult[]): Group[] {
  const found = new Map<string, CaseResult[]>();
  for (const row of cases) {
    if (row.validity.status !== 'valid' || row.measures.throughput === undefined) continue;
    const key = `${row.parameters.work} ${row.parameters.workers}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  const groups = [...found.values()].map((rows): Group => {
    const values = (name: string): number[] =>
      rows.flatMap(({ measures }) => scalarValue(measures[name]) ?? []);
    const { work, workers } = rows[0]?.parameters ?? {};
    return {
      work: String(work),
      workers: Number(workers),
      rates: values('throughput'),
      rate: median(values('throughput')),
      latency: joined(rows),
      cpu: median(values('cpu')),
      resident: median(values('resident')),
      shared: median(values('resident_shared_once')),
    };
  });
  return groups.sort((a, b) => a.workers - b.workers);
}

function joined(rows: readonly CaseResult[]): Percentiles | undefined {
  const [first, ...rest] = rows.flatMap(({ measures }) =>
    measures.latency?.kind === 'latency' ? [histogramOf(measures.latency.uncorrected)] : [],
  );
  for (const histogram of rest) first?.add(histogram);
  return first && percentilesOf(first);
}

function ratiosToOne(groups: readonly Group[]): { workers: number; ratio: number }[] {
  const one = groups.find(({ workers }) => workers === 0);
  if (one === undefined) return [];
  return groups
    .filter((group) => group !== one)
    .map(({ workers, rate }) => ({ workers, ratio: rate / one.rate }));
}

const text = (value: number): string => figure(Number.isNaN(value) ? null : value);
const ms = (microseconds: number | null | undefined): string =>
  figure(microseconds == null ? null : microseconds / 1000);

function workFinding(work: string, groups: readonly Group[]): string[] {
  const one = groups.find(({ workers }) => workers === 0);
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
