/** What follows from the sizes: limits at the largest, and how figures change with each tenfold. */
import { atMost, type Summary } from '../harness/benchmark.js';
import { scalar, scalarValue, slopeThrough } from '../harness/measures.js';
import { type CaseResult, type Chart, honest, type Measure } from '../harness/result.js';

const START_MS_MAX = 1000;
const RECOVERY_MS_MAX = 2000;
const RESIDENT_MIB_MAX = 200;
const APPEND_P95_RATIO_MAX = 1.15;
const STATE_MS_MAX = { 100: 1, 5000: 15 } as const;
/** An append may take so much of itself longer with each tenfold of events: a twentieth, which is noise. */
const APPEND_SLOPE_MAX = 0.05;

type Figure = (row: CaseResult) => number | undefined;

const milliseconds = (measure: Measure | undefined): number | undefined => {
  const p50 = measure?.kind === 'latency' ? honest(measure).p50 : null;
  return p50 === null ? undefined : p50 / 1000;
};

/** Checks, slopes, findings and charts. Only valid cases count. */
export function summarise(cases: readonly CaseResult[]): Summary {
  const valid = cases.filter(({ validity }) => validity.status === 'valid');
  const of = (kind: string, x = 'events'): CaseResult[] =>
    valid
      .filter(({ parameters }) => parameters.kind === kind)
      .toSorted((a, b) => Number(a.parameters[x]) - Number(b.parameters[x]));
  const lines = linesOf(of);
  const slopes = lines.flatMap((line) => {
    const points = pointsOf(line);
    if (points.length < 2) return [];
    const slope = slopeThrough(points.map(({ x, y }) => [Math.log10(x), y] as const));
    // As a share of the first, where times of one machine would say nothing about another.
    return [{ ...line, slope, share: slope / (points[0]?.y ?? Number.NaN) }];
  });
  const slopeOf = (name: string) => slopes.find((line) => line.name === name);
  return {
    derived: Object.fromEntries(
      slopes.map(({ name, unit, slope }) => [`slope_${name}`, scalar(slope, unit, 'lower')]),
    ),
    checks: [
      ...checksAt(of),
      atMost(
        'append p50 over that of an empty store, more with each tenfold of the store',
        slopeOf('append_over_empty')?.slope,
        APPEND_SLOPE_MAX,
      ),
      atMost(
        'append p50, more with each tenfold of its consultation, as a share',
        slopeOf('append_to_one')?.share,
        APPEND_SLOPE_MAX,
      ),
    ],
    findings: slopes.map(({ title, unit, slope, x }) => {
      const what = x === 'events' ? 'events in the store' : 'events in the consultation';
      return `${title}: ${slope >= 0 ? '+' : '−'}${Math.abs(slope).toPrecision(3)} ${unit} with each tenfold of ${what}.`.replace(
        '  ',
        ' ',
      );
    }),
    charts: [
      chart(
        'Appends and reads by events in the store, p50',
        'ms',
        lines.filter(({ unit, x }) => unit === 'ms' && x === 'events'),
      ),
      chart(
        'Memory by events in the store',
        'MiB',
        lines.filter(({ unit }) => unit === 'MiB'),
      ),
      chart(
        'Appends and reads by events in one consultation, p50',
        'ms',
        lines.filter(({ x }) => x === 'length'),
      ),
    ],
  };
}

/** The limits, at the largest size that was valid. */
function checksAt(of: (kind: string) => CaseResult[]) {
  const largest = (kind: string): CaseResult | undefined => of(kind).at(-1);
  const start = largest('start')?.measures;
  return [
    atMost('start, from the process to listening (median)', scalarValue(start?.start), START_MS_MAX, 'ms'),
    atMost(
      'start after kill -9, with a journal to recover (median)',
      scalarValue(largest('recovery')?.measures.recovery),
      RECOVERY_MS_MAX,
      'ms',
    ),
    atMost(
      'resident memory after serving',
      scalarValue(start?.resident_after_serving),
      RESIDENT_MIB_MAX,
      'MiB',
    ),
    atMost(
      'append p95 over that of an empty store (median of blocks)',
      scalarValue(largest('append')?.measures.p95_over_empty),
      APPEND_P95_RATIO_MAX,
    ),
    ...([100, 5000] as const).flatMap((length) => {
      const reads = largest(`state of ${length} events`)?.measures;
      const max = STATE_MS_MAX[length];
      return [
        atMost(`state of ${length} events, read again, p50`, milliseconds(reads?.again), max, 'ms'),
        atMost(
          `state of ${length} events, after one more event, p50`,
          milliseconds(reads?.changed),
          max,
          'ms',
        ),
        atMost(
          `state of ${length} events, first read after a start, p50`,
          milliseconds(reads?.from_snapshot),
          max,
          'ms',
        ),
      ];
    }),
  ];
}

interface Line {
  name: string;
  title: string;
  unit: string;
  x: 'events' | 'length';
  rows: CaseResult[];
  figure: Figure;
}

function linesOf(of: (kind: string, x?: string) => CaseResult[]): Line[] {
  const line = (name: string, title: string, unit: string, kind: string, figure: Figure): Line => {
    return { name, title, unit, x: 'events', rows: of(kind), figure };
  };
  const one = (name: string, title: string, kind: string, figure: Figure): Line => {
    return { name, title, unit: 'ms', x: 'length', rows: of(kind, 'length'), figure };
  };
  const median =
    (measure: string): Figure =>
    (row) =>
      milliseconds(row.measures[measure]);
  const value =
    (measure: string): Figure =>
    (row) =>
      scalarValue(row.measures[measure]);
  return [
    line('start', 'Start', 'ms', 'start', value('start')),
    line('resident', 'Resident memory after serving', 'MiB', 'start', value('resident_after_serving')),
    line('anonymous', 'of it heaps, buffers and stacks', 'MiB', 'start', value('anonymous_after_serving')),
    line(
      'append_over_empty',
      'Append p50 over that of an empty store',
      '',
      'append',
      value('p50_over_empty'),
    ),
    line('append', 'Append (fsync)', 'ms', 'append', median('latency')),
    line('state_100', 'State of 100 events, read again', 'ms', 'state of 100 events', median('again')),
    line('state_5000', 'State of 5000 events, read again', 'ms', 'state of 5000 events', median('again')),
    line('page_100', 'First page of 100 events', 'ms', 'page of 100 events', median('from_events')),
    one('append_to_one', 'Append (fsync)', 'append to one', median('latency')),
    one('state_of_one', 'State', 'read of one', median('state')),
    one('page_of_one', 'Newest 100 events', 'read of one', median('newest_100_events')),
  ];
}

function pointsOf({ rows, figure, x }: Line): { x: number; y: number }[] {
  return rows.flatMap((row) => {
    const y = figure(row);
    return y === undefined ? [] : [{ x: Number(row.parameters[x]), y }];
  });
}

function chart(title: string, unit: string, lines: readonly Line[]): Chart {
  return {
    title,
    kind: 'line',
    x: { label: 'events', unit: '', scale: 'log' },
    y: { label: unit === 'ms' ? 'time' : 'memory', unit, scale: unit === 'ms' ? 'log' : 'linear' },
    series: lines.map((line) => ({ name: line.title, points: pointsOf(line) })),
  };
}
