/** Writes docs/GROWTH.md from a result: every figure in it comes from the run that it names. */
import type { StageResult, Times } from './measure-stage.js';
import type { Memory } from './service-under-test.js';
import type { Surroundings } from './surroundings.js';
import { medianStartMs, type Slope, type Verdict } from './verdicts.js';

export interface GrowthResult {
  command: string;
  surroundings: Surroundings;
  settings: Readonly<Record<string, number | string>>;
  stages: StageResult[];
  slopes: Slope[];
  verdicts: Verdict[];
}

const WHETHER = new Map<boolean | undefined, string>([
  [true, 'kept'],
  [false, '**exceeded**'],
  [undefined, 'not measured'],
]);

const milliseconds = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2));
const mebibytes = (memory: Memory | undefined): string =>
  memory === undefined
    ? '–'
    : [memory.resident, memory.anonymous, memory.file].map((value) => value.toFixed(0)).join(' / ');
const percentiles = (times: Times | undefined): string =>
  times === undefined || times.count === 0 ? '–' : `${milliseconds(times.p50)} / ${milliseconds(times.p95)}`;

export function documentOf(result: GrowthResult): string {
  const { command, surroundings, settings, stages } = result;
  const { commit, takenAt, machine, node, loadBefore } = surroundings;
  return `# Growth

What reads, appends, memory and the start cost as the history grows. Made by \`${command}\`; do not edit.

| | |
| --- | --- |
| commit | ${commit} |
| taken | ${takenAt}, load of the machine before: ${loadBefore} |
| machine | ${machine} |
| Node | ${node} |
| settings | ${Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')} |

Every size is a directory of its own, filled by another process: consultations of about 20 events, some of 100, 1,000
and 5,000, and one that takes every hundredth event. The service then runs on it as \`fi-consult serve\`, with fsync.
Files that were just written are in the page cache. Client and service share the machine.

## Budgets, at ${count(stages.at(-1)?.events)} events

${table(
  ['', 'measured', 'budget', ''],
  result.verdicts.map(({ what, measured, budget, isMet }) => [
    what,
    measured,
    budget,
    WHETHER.get(isMet) ?? '',
  ]),
)}

## By size

${table(
  [
    'events',
    'start ms',
    'of it the store',
    'MiB after the start',
    'MiB after serving',
    'append p50 / p95 / p99 ms',
    'empty store beside it',
    'p95 ratio, by block',
  ],
  stages.map((stage) => [
    count(stage.events),
    medianStartMs(stage).toFixed(0),
    Math.min(...stage.starts.map(({ storeMs }) => storeMs)).toFixed(0),
    mebibytes(stage.memoryAfterStart),
    mebibytes(stage.memoryAfterServing),
    `${percentiles(stage.appends.filled)} / ${milliseconds(stage.appends.filled.p99)}`,
    `${percentiles(stage.appends.empty)} / ${milliseconds(stage.appends.empty.p99)}`,
    stage.appends.p95Ratios.map((ratio) => ratio.toFixed(2)).join(', '),
  ]),
)}

Memory is resident / anonymous / mapped files, from /proc: anonymous is heaps, buffers and stacks; mapped files are the
program and pages of the index, which the kernel takes back when it needs them. Appends go at a fixed rate to
consultations from all over the history, the endless one among them, and are timed from when they were due.

## Reads, p50 / p95 in ms

${table(
  ['events', 'read', 'first, from its events', 'first after a start', 'again', 'after one more event'],
  stages.flatMap((stage) => [
    ...([100, 1000, 5000] as const).flatMap((length) => {
      const of = stage.states[length];
      if (of === undefined) return [];
      const reads = [of.fromEvents, of.fromSnapshot, of.again, of.changed].map(percentiles);
      return [[count(stage.events), `state of ${length} events`, ...reads]];
    }),
    [count(stage.events), 'state of about 20 events', percentiles(stage.shortStates), '–', '–', '–'],
    ...([100, 1000] as const).flatMap((length) => {
      const of = stage.pages[length];
      if (of === undefined) return [];
      return [
        [
          count(stage.events),
          `page of ${length} events`,
          percentiles(of.first),
          '–',
          percentiles(of.again),
          '–',
        ],
      ];
    }),
  ]),
)}

## Slopes

What a figure gains with each tenfold of events, by least squares over the sizes above.

${table(
  ['', 'per tenfold'],
  result.slopes.map(({ what, unit, perTenfold }) => [what, `${perTenfold.toFixed(3)} ${unit}`.trim()]),
)}
`;
}

const count = (events: number | undefined): string => (events ?? 0).toLocaleString('en-US');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
