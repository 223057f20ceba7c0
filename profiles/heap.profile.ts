/**
 * What allocates: a sampled profile of every allocation under load, those that were collected again included
 * (`profile.heapprofile`), tables of it (`top.md`), and the memory of the process over time (`memory.svg`, `memory.json`).
 */
import { figure } from '../bench/harness/figure.js';
import type { Chart, Table } from '../bench/harness/result.js';
import { costTable, FUNCTIONS_SHOWN, profileHead, profilePage, type Unit } from './support/cost-tables.js';
import { costsBy, functionLabel, groupLabel } from './support/costs.js';
import { allocationsOf, type HeapProfile, withoutMachinePaths } from './support/heap-profile.js';
import { type MemoryPoint, watchMemory } from './support/memory-series.js';
import { runAsMain } from './support/run-as-main.js';
import type { MetaSoFar, ProfileKind } from './support/run-profile.js';
import { standaloneChart } from './support/standalone-svg.js';

/** Between two samples, on average; V8 takes them at random distances. */
const SAMPLE_BYTES = 64 * 1024;

export interface HeapCapture {
  profile: HeapProfile;
  memory: readonly MemoryPoint[];
}

export const heapProfile: ProfileKind<HeapCapture> = {
  kind: 'heap',
  title: 'Allocations and memory of the service',
  sampling: () => ({ every: SAMPLE_BYTES, unit: 'bytes' }),
  async capture({ session, pid }, _, load) {
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.startSampling', {
      samplingInterval: SAMPLE_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    const watched = watchMemory(session, pid);
    await load().finally(() => watched.stop());
    const memory = await watched.stop();
    const { profile } = (await session.send('HeapProfiler.stopSampling')) as { profile: HeapProfile };
    await session.send('HeapProfiler.disable');
    return { profile: withoutMachinePaths(profile), memory };
  },
  files({ profile, memory }, meta) {
    const head = profileHead('Allocations', meta, memoryFacts(memory));
    return {
      'profile.heapprofile': JSON.stringify(profile),
      'top.md': profilePage(head, allocationTables(profile, meta)),
      'memory.json': `${JSON.stringify(memory, rounded, 1)}\n`,
      'memory.svg': standaloneChart(memoryChart(memory)),
    };
  },
};

/** Tables of who allocates: functions and groups of code. */
export function allocationTables(profile: HeapProfile, { requests }: Pick<MetaSoFar, 'requests'>): Table[] {
  const stacks = allocationsOf(profile);
  const whole = stacks.reduce((sum, { self }) => sum + self, 0);
  const perRequest = requests === null || requests === 0 ? null : 1 / requests;
  const unit: Unit = { whole, perRequest, small: 'bytes', large: 'MB', perLarge: 1e6 };
  const columns = ['self', 'total'] as const;
  const functions = costsBy(stacks, functionLabel).slice(0, FUNCTIONS_SHOWN);
  return [
    costTable('Allocations by group of code', 'group', costsBy(stacks, groupLabel), unit, { columns }),
    costTable('Functions that allocate most', 'function', functions, unit, {
      columns,
      note: 'On the heap of V8: bytes of buffers, which lie outside of it, are not in here.',
    }),
  ];
}

/** What became of the memory, in sentences. */
export function memoryFacts(memory: readonly MemoryPoint[]): string[] {
  const [first, last] = [memory[0], memory.at(-1)];
  if (first === undefined || last === undefined) return [];
  const heapMost = Math.max(...memory.map(({ heapUsed }) => heapUsed));
  const residents = memory.flatMap(({ resident }) => resident ?? []);
  const resident =
    residents.length === 0
      ? ''
      : `; resident ${figure(residents[0] ?? null)} MiB at first, ${figure(residents.at(-1) ?? null)} MiB at last`;
  return [
    `heap used ${figure(first.heapUsed)} MiB at first, ${figure(last.heapUsed)} MiB at last, ${figure(heapMost)} MiB at most${resident}`,
  ];
}

function memoryChart(memory: readonly MemoryPoint[]): Chart {
  const line = (name: string, of: (point: MemoryPoint) => number | undefined) => {
    const points = memory.flatMap((point) => {
      const y = of(point);
      return y === undefined ? [] : [{ x: point.seconds, y }];
    });
    return { name, points };
  };
  return {
    title: 'Memory of the service under load',
    kind: 'line',
    x: { label: 'time', unit: 's', scale: 'linear' },
    y: { label: 'memory', unit: 'MiB', scale: 'linear' },
    series: [
      line('resident', ({ resident }) => resident),
      line('heap of V8, reserved', ({ heapTotal }) => heapTotal),
      line('heap of V8, used', ({ heapUsed }) => heapUsed),
    ],
  };
}

/** Figures of memory say nothing beyond three decimals. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;

await runAsMain(import.meta.url, heapProfile);
