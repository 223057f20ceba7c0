/** The tables of a CPU profile: times as a share of all that was worked, and as microseconds a request. */
import { figure } from '../../bench/harness/figure.js';
import { tableMarkdown } from '../../bench/harness/report-markdown.js';
import type { Table } from '../../bench/harness/result.js';
import { commitText, machineLine } from '../../bench/harness/surroundings.js';
import type { ThreadProfile } from './capture-cpu.js';
import { type Cost, type Costs, costsOf } from './costs.js';
import type { MetaSoFar } from './run-profile.js';
import { perRequest, schedulingFacts } from './scheduling.js';

export const FUNCTIONS_SHOWN = 20;
export const REMOVABLE_SHOWN = 10;

/** What a table counts in. */
export interface Unit {
  /** What 100 % is. */
  whole: number;
  /** What one of the unit comes to for a request; null where nobody counted: then there is no column for it. */
  perRequest: number | null;
  /** The unit of costs, and a larger one with how many of the first it is. */
  small: string;
  large: string;
  perLarge: number;
}

/** Costs of a CPU profile are microseconds. */
const timeUnit = (busy: number, meta: Counted): Unit => {
  return { whole: busy, perRequest: perRequest(busy, meta), small: 'µs', large: 'ms', perLarge: 1000 };
};

type Counted = Pick<MetaSoFar, 'requests' | 'scheduling'>;
type Column = 'self' | 'total';

/** A table of costs, with the columns that say something. */
export function costTable(
  title: string,
  what: string,
  costs: readonly Cost[],
  { whole, perRequest: each, small, large, perLarge }: Unit,
  { columns, note = '' }: { columns: readonly Column[]; note?: string },
): Table {
  const heads = columns.flatMap((column) => [
    ...(each !== null ? [`${column}, ${small}/request`] : []),
    `${column}, ${large}`,
    `${column}, %`,
  ]);
  const rows = costs.map((cost) => [
    cost.label.startsWith('src/') ? `\`${cost.label}\`` : cost.label,
    ...columns.flatMap((column) => [
      ...(each !== null ? [figure(cost[column] * each)] : []),
      figure(cost[column] / perLarge),
      ((100 * cost[column]) / whole).toFixed(1),
    ]),
  ]);
  return { title, head: [what, ...heads], rows, note };
}

/** All that `top.md` of `profile:cpu` has, but the head. `stage` is the one that functions were counted in. */
export function costTables(costs: Costs, meta: Counted, stage?: string): Table[] {
  const unit = timeUnit(costs.busy, meta);
  const inStage = stage === undefined ? '' : ` in the stage ${stage}`;
  const groups = costs.groups.filter(({ label }) => label !== 'idle');
  const byTotal = costs.functions.toSorted((a, b) => b.total - a.total);
  return [
    costTable('By group of code', 'group', groups, unit, {
      columns: ['self', 'total'],
      note: 'Self times add up to all that was worked; total times do not, for groups call each other.',
    }),
    costTable('By stage of the latency budget', 'stage', costs.stages, unit, {
      columns: ['self'],
      note: 'Processor time of the main thread; waiting for the disk is none. `ingest` has all of HTTP in it.',
    }),
    costTable(
      `Functions by self time${inStage}`,
      'function',
      costs.functions.slice(0, FUNCTIONS_SHOWN),
      unit,
      {
        columns: ['self', 'total'],
      },
    ),
    costTable(`Functions by total time${inStage}`, 'function', byTotal.slice(0, FUNCTIONS_SHOWN), unit, {
      columns: ['total', 'self'],
    }),
    costTable('What could be done without', 'owner', costs.removable.slice(0, REMOVABLE_SHOWN), unit, {
      columns: ['self'],
      note:
        'By rule: a function of ours or of a package, with what Node and natives do for it; without the natives that an ' +
        'append needs (sockets, hashing).',
    }),
  ];
}

/** How much each thread worked, and at what most. The main thread's details are in the other tables. */
export function threadTable(main: Costs, workers: readonly ThreadProfile[]): Table {
  const row = (name: string, { busy, all, functions }: Costs): string[] => {
    const [first] = functions;
    const most = first === undefined ? '' : `${first.label}: ${((100 * first.self) / busy).toFixed(0)} %`;
    return [name, figure(busy / 1000), ((100 * busy) / all).toFixed(1), most];
  };
  return {
    title: 'Threads',
    head: ['thread', 'worked, ms', 'of its time, %', 'at most'],
    rows: [row('main thread', main), ...workers.map(({ name, profile }) => row(name, costsOf(profile)))],
    note: 'Worker threads have profiles of their own beside this page.',
  };
}

/** The head of a page about a profile. */
export function profileHead(title: string, meta: MetaSoFar, facts: readonly string[]): string {
  const { load, requests, duration_seconds: seconds } = meta;
  const sent =
    load === null
      ? 'as its clients loaded it'
      : `${load.connections} connections, ${load.rate_per_second === null ? 'as fast as answered' : `${load.rate_per_second} requests/s`}, ${load.corpus} corpus`;
  const counted =
    requests === null
      ? 'appends not counted'
      : `${figure(requests)} appends (${figure(requests / seconds)}/s)`;
  return [
    `# ${title}`,
    '',
    `\`${meta.command}\``,
    '',
    `- ${figure(seconds)} s, ${sent}; ${counted}`,
    ...[...facts, ...schedulingFacts(meta.scheduling)].map((fact) => `- ${fact}`),
    `- Node ${meta.machine.node}, commit ${commitText(meta)}, ${meta.started_at}`,
    `- ${machineLine(meta)}`,
    ...meta.invalid.map((reason) => `- **Not to be quoted:** ${reason}`),
    '',
  ].join('\n');
}

/** A whole page. */
export function profilePage(head: string, tables: readonly Table[]): string {
  return `${[head, ...tables.map(tableMarkdown)].join('\n\n')}\n`;
}
