/** The runs of the same work by the same number of processes, together. */
import { histogramOf, median, percentilesOf, scalarValue } from '../harness/measures.js';
import type { CaseResult, Percentiles } from '../harness/result.js';
import { ONE_PROCESS } from './model.js';

/** How a number of workers is called. */
export const groupName = (workers: number): string =>
  workers === ONE_PROCESS ? 'one process' : `a store and ${workers} ${workers === 1 ? 'worker' : 'workers'}`;

/** Figures are medians of the runs, NaN where none has it. */
export interface Group {
  work: string;
  workers: number;
  rates: readonly number[];
  rate: number;
  latency: Percentiles | undefined;
  /** Cores that all processes used. */
  cpu: number;
  resident: number;
  shared: number;
  cores: number | undefined;
  /** Microseconds of processor time a request, by the name of the measure (processor-time.ts, `generator_us`). */
  us: (name: string) => number;
}

/** Of valid cases, by the number of workers. */
export function groupsOf(cases: readonly CaseResult[]): Group[] {
  const found = new Map<string, CaseResult[]>();
  for (const row of cases) {
    if (row.validity.status !== 'valid' || row.measures.throughput === undefined) continue;
    const key = `${row.parameters.work} ${row.parameters.workers}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found.values()].map(groupOf).sort((a, b) => a.workers - b.workers);
}

function groupOf(rows: readonly CaseResult[]): Group {
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
    cores: values('cores')[0],
    us: (name) => median(values(name)),
  };
}

function joined(rows: readonly CaseResult[]): Percentiles | undefined {
  const [first, ...rest] = rows.flatMap(({ measures }) =>
    measures.latency?.kind === 'latency' ? [histogramOf(measures.latency.uncorrected)] : [],
  );
  for (const histogram of rest) first?.add(histogram);
  return first && percentilesOf(first);
}
