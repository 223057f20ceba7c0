/** What follows from the watches on the event loop: how late it was with each thing beside it. */
import type { Summary } from '../harness/benchmark.js';
import { figure as textOf } from '../harness/figure.js';
import { median, scalar, scalarValue } from '../harness/measures.js';
import {
  type CaseResult,
  type Chart,
  honest,
  type Parameters,
  type Scalar,
  type Table,
} from '../harness/result.js';

/** The runs of one case, as medians. Times are in milliseconds. */
interface Group {
  label: string;
  parameters: Parameters;
  /** Appends or waits a second. */
  rate: number;
  p99Ms: number;
  delay: { p50: number; p99: number; max: number };
  utilisation: number;
  hdf5: number;
  compressions: number;
  /** Appends a second that the bounded queue refused. */
  refused: number;
}

/** NaN stands for what was not measured, or has too few samples. */
const figure = (value: number): string => textOf(Number.isNaN(value) ? null : value);

/** A ratio of two figures, if both are there. */
const ratio = (name: string, above?: number, below?: number): Record<string, Scalar> => {
  const value = (above ?? Number.NaN) / (below ?? Number.NaN);
  return Number.isFinite(value) ? { [name]: scalar(value, '') } : {};
};

export function summarise(cases: readonly CaseResult[]): Summary {
  const groups = groupsOf(cases);
  const of = (kind: string): Group[] => groups.filter(({ parameters }) => parameters.kind === kind);
  const [nowhere, worker, main] = ['nowhere', 'worker', 'main'].map((where) =>
    of('hdf5').find(({ parameters }) => parameters.where === where),
  );
  return {
    derived: {
      ...ratio('hdf5_main_over_worker_delay_p99', main?.delay.p99, worker?.delay.p99),
      ...ratio('hdf5_worker_over_main_appends', worker?.rate, main?.rate),
      ...ratio('hdf5_worker_over_none_appends', worker?.rate, nowhere?.rate),
    },
    findings: [
      ...[...of('waits'), ...of('appends')].map(loadFinding),
      ...hdf5Finding(nowhere, worker, main),
      ...poolFinding(of('pool')),
      ...ioUringFinding(of('io_uring')),
      ...runtimeFinding(cases),
    ],
    charts: [delayChart(of('hdf5')), poolChart(of('pool'))].filter(
      ({ series }) => (series[0]?.points.length ?? 0) > 0,
    ),
    tables: [delayTable(groups)],
  };
}

/** Runs of the same case belong together: their parameters differ in `run` alone. */
function groupsOf(cases: readonly CaseResult[]): Group[] {
  const groups = new Map<string, CaseResult[]>();
  for (const row of cases) {
    if (row.validity.status !== 'valid' || row.measures.loop_delay === undefined) continue;
    const label = row.name.replace(/, run \d+$/, '');
    groups.set(label, [...(groups.get(label) ?? []), row]);
  }
  return [...groups].map(([label, rows]) => {
    const of = (measure: (row: CaseResult) => number | null | undefined): number =>
      median(rows.flatMap((row) => measure(row) ?? []));
    const delay = (name: 'p50' | 'p99' | 'max') => (row: CaseResult) =>
      microsecondsOf(row, 'loop_delay', name);
    return {
      label,
      parameters: rows[0]?.parameters ?? {},
      rate: of(({ measures }) => scalarValue(measures.appends ?? measures.waits)),
      p99Ms:
        of((row) => microsecondsOf(row, row.measures.appends ? 'append_latency' : 'lateness', 'p99')) / 1000,
      delay: { p50: of(delay('p50')) / 1000, p99: of(delay('p99')) / 1000, max: of(delay('max')) / 1000 },
      utilisation: of(({ measures }) => scalarValue(measures.loop_utilisation)),
      hdf5: of(({ measures }) => scalarValue(measures.hdf5)),
      compressions: of(({ measures }) => scalarValue(measures.compressions)),
      refused: of(({ measures }) => scalarValue(measures.refused)),
    };
  });
}

function microsecondsOf(
  { measures }: CaseResult,
  name: string,
  percentile: 'p50' | 'p99' | 'max',
): number | null {
  const measure = measures[name];
  return measure?.kind === 'latency' ? honest(measure)[percentile] : null;
}

const ms = (value: number): string => `${figure(value)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const delayText = ({ delay, utilisation }: Group): string =>
  `the loop ${ms(delay.p50)} late at p50, ${ms(delay.p99)} at p99, ${ms(delay.max)} at most, and busy ${percent(utilisation)} of the time`;

function loadFinding(group: Group): string {
  const what = group.parameters.kind === 'waits' ? 'waits' : 'durable appends';
  const refused = group.refused > 0 ? ` (${figure(group.refused)}/s were refused by the full queue)` : '';
  return `${group.label} at once: ${figure(group.rate)} ${what}/s${refused}, ${delayText(group)}.`;
}

function hdf5Finding(nowhere?: Group, worker?: Group, main?: Group): string[] {
  if (worker === undefined || main === undefined) return [];
  const beside = nowhere === undefined ? '' : ` (without any, ${figure(nowhere.rate)})`;
  return [
    `HDF5 on the main thread: ${delayText(main)}. In a worker thread: ${delayText(worker)}.`,
    `Beside it ${figure(main.rate)} appends/s on the main thread and ${figure(worker.rate)} with the worker${beside}; HDF5 took in ${figure(main.hdf5)} and ${figure(worker.hdf5)} events/s.`,
  ];
}

function poolFinding(groups: readonly Group[]): string[] {
  const sorted = groups.toSorted((a, b) => Number(a.parameters.pool) - Number(b.parameters.pool));
  if (sorted.length === 0) return [];
  const text = sorted.map(
    ({ parameters, rate, p99Ms, compressions }) =>
      `${parameters.pool} threads ${figure(rate)} appends/s, p99 ${ms(p99Ms)}, ${figure(compressions)} compressions/s`,
  );
  return [`Appends beside 16 compressions in the thread pool: ${text.join('; ')}.`];
}

function ioUringFinding(groups: readonly Group[]): string[] {
  const [off, on] = [false, true].map((wanted) =>
    groups.find(({ parameters }) => parameters.wanted === wanted),
  );
  if (off === undefined) return [];
  if (on === undefined) return ['io_uring could not be measured here.'];
  return [
    `With io_uring ${figure(on.rate)} appends/s, p99 ${ms(on.p99Ms)}; without it ${figure(off.rate)}, p99 ${ms(off.p99Ms)}: ${(on.rate / off.rate).toFixed(2)} times as many.`,
  ];
}

function runtimeFinding(cases: readonly CaseResult[]): string[] {
  const runtimes = cases.filter(({ parameters }) => parameters.kind === 'runtime');
  return runtimes.map(({ parameters, validity, measures }) => {
    const [rate, p99] = [scalarValue(measures.waits), scalarValue(measures.late_p99)];
    if (rate === undefined || p99 === undefined)
      return `${parameters.runtime}: ${validity.reasons.join('; ')}.`;
    return `1,000 waits of 1 ms in ${parameters.runtime}: ${figure(rate)}/s, ${ms(p99)} late at p99.`;
  });
}

function delayTable(groups: readonly Group[]): Table {
  return {
    title: 'How late the event loop was, in ms (medians of the runs)',
    head: ['', 'appends or waits/s', 'loop p50', 'loop p99', 'loop max', 'busy'],
    rows: groups.map(({ label, rate, delay, utilisation }) => {
      return [
        label,
        figure(rate),
        figure(delay.p50),
        figure(delay.p99),
        figure(delay.max),
        percent(utilisation),
      ];
    }),
    note: 'From when each tick of 1 ms was due; one that came late counts for all that were due meanwhile.',
  };
}

function delayChart(groups: readonly Group[]): Chart {
  return {
    title: 'How late the event loop is beside HDF5',
    kind: 'bar',
    x: { label: 'where HDF5 runs', unit: '', scale: 'linear' },
    y: { label: 'delay', unit: 'ms', scale: 'log' },
    series: (['p50', 'p99', 'max'] as const).map((name) => ({
      name,
      points: groups.map(({ parameters, delay }) => ({ x: String(parameters.where), y: delay[name] || 0 })),
    })),
  };
}

function poolChart(groups: readonly Group[]): Chart {
  return {
    title: 'p99 of an append beside 16 compressions, by threads of the pool',
    kind: 'line',
    x: { label: 'UV_THREADPOOL_SIZE', unit: '', scale: 'linear' },
    y: { label: 'p99', unit: 'ms', scale: 'linear' },
    series: [
      {
        name: 'append (fsync)',
        points: groups.flatMap(({ parameters, p99Ms }) =>
          Number.isNaN(p99Ms) ? [] : [{ x: Number(parameters.pool), y: p99Ms }],
        ),
      },
    ],
  };
}
