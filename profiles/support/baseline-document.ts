/** docs/PROFILING_BASELINE.md, from the profiles named `baseline`: every figure in it comes from them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figure } from '../../bench/harness/figure.js';
import { tableMarkdown } from '../../bench/harness/report-markdown.js';
import type { Table } from '../../bench/harness/result.js';
import { commitText, machineLine } from '../../bench/harness/surroundings.js';
import { allocationTables, memoryFacts } from '../heap.profile.js';
import { lineTables } from '../lines.profile.js';
import type { ThreadProfile } from './capture-cpu.js';
import { costTables, threadTable } from './cost-tables.js';
import { type Costs, costsOf } from './costs.js';
import type { CpuProfile } from './cpu-profile.js';
import type { HeapProfile } from './heap-profile.js';
import type { LineCosts } from './line-costs.js';
import type { MemoryPoint } from './memory-series.js';
import { type Meta, readMeta } from './meta.js';
import { ROOT } from './portable-url.js';
import type { ProfileKindName } from './profile-options.js';
import { perRequest, schedulingFacts } from './scheduling.js';

/** The profiles that the document is made of. */
export interface Baseline {
  service: { profile: CpuProfile; workers: ThreadProfile[]; meta: Meta };
  /** Of the route that stores nothing. */
  ceiling: { profile: CpuProfile; meta: Meta };
  lines: { costs: LineCosts; meta: Meta };
  heap: { profile: HeapProfile; memory: MemoryPoint[]; meta: Meta };
}

/** Names of the folders in profiles/. */
export const BASELINE = 'baseline';
export const CEILING = 'ceiling';

/** Reads them. Throws where one is missing or does not fit. */
export async function readBaseline(): Promise<Baseline> {
  const json = async (kind: ProfileKindName, name: string, file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(ROOT, 'profiles', kind, name, file), 'utf8'));
  const meta = (kind: ProfileKindName, name: string) =>
    readMeta(join(ROOT, 'profiles', kind, name, 'meta.json'));
  const cpu = async (name: string) => {
    const profile = (await json('cpu', name, 'profile.cpuprofile')) as CpuProfile;
    return { profile, meta: await meta('cpu', name) };
  };
  const workers = async (): Promise<ThreadProfile[]> => {
    const { files } = await meta('cpu', BASELINE);
    const own = files.filter((file) => file.endsWith('-worker.cpuprofile'));
    return Promise.all(
      own.map(async (file) => {
        const profile = (await json('cpu', BASELINE, file)) as CpuProfile;
        return { name: file.replace('.cpuprofile', ''), profile };
      }),
    );
  };
  return {
    service: { ...(await cpu(BASELINE)), workers: await workers() },
    ceiling: await cpu(CEILING),
    lines: {
      costs: (await json('lines', BASELINE, 'lines.json')) as LineCosts,
      meta: await meta('lines', BASELINE),
    },
    heap: {
      profile: (await json('heap', BASELINE, 'profile.heapprofile')) as HeapProfile,
      memory: (await json('heap', BASELINE, 'memory.json')) as MemoryPoint[],
      meta: await meta('heap', BASELINE),
    },
  };
}

/** The whole document. */
export function baselineDocument({ service, ceiling, lines, heap }: Baseline): string {
  const { meta } = service;
  const costs = costsOf(service.profile);
  const [groups, ...tables] = costTables(costs, meta);
  const [ours, all] = lineTables(lines.costs, lines.meta);
  const threads = service.workers.length > 0 ? [threadTable(costs, service.workers)] : [];
  const beside = besideCeiling(costs, meta, costsOf(ceiling.profile), ceiling.meta);
  return `# Profiling baseline

Where the time and the memory of an append go, before optimisation. Made by \`npm run profile:baseline\`; do not edit. The
profiles are in \`profiles/*/${BASELINE}\` and open in Chrome DevTools and on speedscope.app; [operating](operating.md#profiling)
says how to take others.

- Commit ${commitText(meta)}, ${meta.started_at}, Node ${meta.machine.node}
- ${machineLine(meta)}
- ${[loadSentence(meta), ...schedulingFacts(meta.scheduling)].join('; ')}
${findings(costs, meta)}

Times are of the main thread. Milliseconds are by the clock: while it waits for a core, a sample goes to whoever was interrupted.
Microseconds a request are of the time that it ran, split by the same shares. The load generator is on the same machine. Sampling itself makes the service slower; rates are in [BENCHMARKS](BENCHMARKS.md).

## Flame graph

![Flame graph of the main thread](../profiles/flame/${BASELINE}/flame.svg)

Width is time, what is called stands on its caller; \`profiles/flame/${BASELINE}/flamegraph.html\` is one that zooms.

## Processor time

${[groups as Table, beside, ...threads, ...tables].map(tableMarkdown).join('\n\n')}

## Lines

${[ours, all].map((table) => tableMarkdown(table as Table)).join('\n\n')}

## Memory

![Memory over time](../profiles/heap/${BASELINE}/memory.svg)

${memoryFacts(heap.memory)
  .map((fact) => `- ${fact}`)
  .join('\n')}

${allocationTables(heap.profile, heap.meta).map(tableMarkdown).join('\n\n')}
`;
}

function loadSentence({ load, requests, duration_seconds: seconds }: Meta): string {
  const rate = requests === null ? '' : `: ${figure(requests)} appends, ${figure(requests / seconds)}/s`;
  return `${load?.connections ?? 0} connections, each sending its next append once it has the answer to the last, for ${figure(seconds)} s${rate}`;
}

/** What the groups come to, in sentences by rule. */
function findings({ busy, all, groups, removable }: Costs, meta: Meta): string {
  const each = perRequest(busy, meta);
  if (each === null) return '';
  const us = (time: number): string => `${figure(time * each)} µs`;
  const of = (isOne: (label: string) => boolean): number =>
    groups.filter(({ label }) => isOne(label)).reduce((sum, { self }) => sum + self, 0);
  const parts: (readonly [what: string, time: number])[] = [
    ['our own code', of((label) => label.startsWith('src'))],
    [
      'the HTTP framework and other packages',
      of((label) => /^(http framework|package|generated)/.test(label)),
    ],
    ["Node's own JavaScript", of((label) => label.startsWith('node:'))],
    ['writes to sockets', of((label) => label === 'native: writes')],
    ['other natives', of((label) => /^native: (other|no name)/.test(label))],
    ['garbage collection', of((label) => label === 'garbage collection')],
  ];
  const largest = parts.toSorted(([, a], [, b]) => b - a);
  return [
    `- The main thread worked ${((100 * busy) / all).toFixed(0)} % of the time, ${us(busy)} for each append: ${largest.map(([what, time]) => `${what} ${us(time)}`).join(', ')}`,
    `- The ten largest costs that an append could do without, by the rule below, come to ${us(removable.slice(0, 10).reduce((sum, { self }) => sum + self, 0))}`,
  ].join('\n');
}

/** What keeping an event costs: each group beside what it takes in the route that stores nothing. */
function besideCeiling(costs: Costs, meta: Meta, ceiling: Costs, ceilingMeta: Meta): Table {
  const timeOf = ({ groups, busy }: Costs, label: string, of: Meta): number =>
    (groups.find((group) => group.label === label)?.self ?? 0) * (perRequest(busy, of) ?? Number.NaN);
  const rows = costs.groups
    .filter(({ label }) => label !== 'idle')
    .map(({ label }) => {
      const [ours, theirs] = [timeOf(costs, label, meta), timeOf(ceiling, label, ceilingMeta)];
      return { label, ours, theirs, more: ours - theirs };
    })
    .filter(({ ours, theirs }) => Math.max(ours, theirs) >= 0.1)
    .sort((a, b) => b.more - a.more);
  const total = (pick: (row: (typeof rows)[number]) => number): string =>
    figure(rows.reduce((sum, row) => sum + pick(row), 0));
  return {
    title: 'Beside a route that stores nothing',
    head: ['group', 'service, µs/request', 'ceiling, µs/request', 'difference'],
    rows: [
      ...rows.map(({ label, ours, theirs, more }) => [label, figure(ours), figure(theirs), figure(more)]),
      ['all', total(({ ours }) => ours), total(({ theirs }) => theirs), total(({ more }) => more)],
    ],
    note:
      'Self times. The ceiling is a Fastify route with the same validation and the same answer (`bench/support/ceiling-server.ts`), ' +
      'profiled right after the service, not in turn with it. Groups below 0.1 µs are left out.',
  };
}
