/** What follows from the contests and from the path: who is fastest at what, and where time and copies go. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { scalar, scalarValue } from '../harness/measures.js';
import type { CaseResult, Chart, Scalar, Table } from '../harness/result.js';

interface StepRow {
  name: string;
  copies: string;
  copied: number;
  plainCopied: number;
  time: number | undefined;
  plainTime: number | undefined;
  body: number;
}

export function summarise(cases: readonly CaseResult[]): Summary {
  const valid = cases.filter(({ validity }) => validity.status === 'valid');
  const steps = valid.filter(({ parameters }) => parameters.what === 'path').map(stepOf);
  const contests = groups(valid);
  return {
    derived: pathFigures(steps),
    findings: [...[...contests].map(([name, rows]) => contestFinding(name, rows)), ...pathFindings(steps)],
    charts: [contestChart(contests), ...pathCharts(steps)],
    tables: steps.length === 0 ? [] : [pathTable(steps)],
  };
}

/** Rows that did the same with the same documents. */
function groups(rows: readonly CaseResult[]): Map<string, CaseResult[]> {
  const found = new Map<string, CaseResult[]>();
  for (const row of rows) {
    const { what, kind } = row.parameters;
    if (kind === undefined) continue;
    const name = `${what}, ${kind}`;
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}

function contestFinding(name: string, rows: readonly CaseResult[]): string {
  const sorted = rows.toSorted((a, b) => timeOf(a) - timeOf(b));
  const text = sorted.map((row) => `${row.parameters.by} ${figure(timeOf(row))} µs`);
  const [fastest] = sorted;
  const bytes = scalarValue(fastest?.measures.document) ?? 0;
  return `${name} (${figure(bytes)} B): ${text.join(', ')}.`;
}

const timeOf = ({ measures }: CaseResult): number => scalarValue(measures.time) ?? Number.NaN;

function stepOf({ parameters, measures }: CaseResult): StepRow {
  const value = (name: string): number | undefined => scalarValue(measures[name]);
  const [copied, time] = [value('copied') ?? 0, value('time')];
  return {
    name: String(parameters.step),
    copies: String(parameters.copies),
    copied,
    plainCopied: value('plain_copied') ?? copied,
    time,
    plainTime: value('plain_time') ?? time,
    body: value('body') ?? 0,
  };
}

const sum = (steps: readonly StepRow[], of: (step: StepRow) => number | undefined): number =>
  steps.reduce((total, step) => total + (of(step) ?? 0), 0);

function pathFigures(steps: readonly StepRow[]): Record<string, Scalar> {
  if (steps.length === 0) return {};
  return {
    path_copied: scalar(
      sum(steps, ({ copied }) => copied),
      'B',
      'lower',
    ),
    path_copied_plainly: scalar(
      sum(steps, ({ plainCopied }) => plainCopied),
      'B',
      'lower',
    ),
    path_time: scalar(
      sum(steps, ({ time }) => time),
      'us',
      'lower',
    ),
    path_time_plainly: scalar(
      sum(steps, ({ plainTime }) => plainTime),
      'us',
      'lower',
    ),
  };
}

function pathFindings(steps: readonly StepRow[]): string[] {
  const [first] = steps;
  if (first === undefined) return [];
  const {
    path_copied: copied,
    path_copied_plainly: plainly,
    path_time: time,
    path_time_plainly: plain,
  } = pathFigures(steps);
  const times = (bytes: number | undefined): string => figure((bytes ?? 0) / first.body);
  const most = steps.reduce((a, b) => ((b.time ?? 0) > (a.time ?? 0) ? b : a));
  const largest = steps.reduce((a, b) => (b.copied > a.copied ? b : a));
  return [
    `From socket to disk a body of ${figure(first.body)} B has ${figure(copied?.value ?? 0)} B copied, ${times(copied?.value)} times itself; written plainly it would be ${figure(plainly?.value ?? 0)} B, ${times(plainly?.value)} times.`,
    `The steps that can be timed alone take ${figure(time?.value ?? 0)} µs an event, written plainly ${figure(plain?.value ?? 0)} µs; the most goes to ${most.name} (${figure(most.time ?? null)} µs), the most bytes are copied by ${largest.name} (${figure(largest.copied)} B).`,
  ];
}

function pathTable(steps: readonly StepRow[]): Table {
  const cell = (value: number | undefined): string => figure(value ?? null);
  return {
    title: 'The way of one message from the socket to the disk',
    head: ['step', 'what is copied', 'B copied', 'µs', 'plainly, B copied', 'plainly, µs'],
    rows: [
      ...steps.map(({ name, copies, copied, time, plainCopied, plainTime }) => {
        return [name, copies, figure(copied), cell(time), figure(plainCopied), cell(plainTime)];
      }),
      [
        'all of them',
        '',
        figure(sum(steps, ({ copied }) => copied)),
        figure(sum(steps, ({ time }) => time)),
        figure(sum(steps, ({ plainCopied }) => plainCopied)),
        figure(sum(steps, ({ plainTime }) => plainTime)),
      ],
    ],
    note: 'Means of the messages. What the kernel and Node’s HTTP parser do cannot be timed from here. "Plainly" is what one would write first.',
  };
}

function pathCharts(steps: readonly StepRow[]): Chart[] {
  if (steps.length === 0) return [];
  const chart = (title: string, unit: string, of: (step: StepRow) => [number, number]): Chart => ({
    title,
    kind: 'bar',
    x: { label: 'step', unit: '', scale: 'linear' },
    y: { label: 'an event', unit, scale: 'linear' },
    series: ['as it is', 'plainly'].map((name, index) => ({
      name,
      points: steps.map((step) => ({ x: step.name, y: of(step)[index] ?? 0 })),
    })),
  });
  return [
    chart('Bytes copied on the way of one message', 'B', ({ copied, plainCopied }) => [copied, plainCopied]),
    chart('Time on the way of one message', 'µs', ({ time = 0, plainTime = 0 }) => [time, plainTime]),
  ];
}

function contestChart(contests: ReadonlyMap<string, readonly CaseResult[]>): Chart {
  const parse = [...contests].filter(([name]) => name.startsWith('parse'));
  const names = [
    ...new Set(parse.flatMap(([, rows]) => rows.map(({ parameters }) => String(parameters.by)))),
  ];
  return {
    title: 'Reading bodies',
    kind: 'bar',
    x: { label: 'body', unit: '', scale: 'linear' },
    y: { label: 'read', unit: 'MB/s', scale: 'linear' },
    series: names.map((name) => ({
      name,
      points: parse.flatMap(([group, rows]) => {
        const rate = rows.find(({ parameters }) => parameters.by === name)?.measures.rate;
        if (rate?.kind !== 'scalar') return [];
        const { value, rounds } = rate;
        return [
          { x: group.replace('parse, ', ''), y: value, low: Math.min(...rounds), high: Math.max(...rounds) },
        ];
      }),
    })),
  };
}
