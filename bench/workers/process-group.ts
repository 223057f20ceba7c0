/** The service as one process or as several, and what all of its processes use together. */
import { readFile } from 'node:fs/promises';
import { cpuSecondsOf, memoryOf, startService } from '../harness/service-under-test.js';
import { type BenchProcess, startProcess } from '../support/bench-process.js';

const CLUSTER_PROGRAM = new URL('./cluster-program.js', import.meta.url);

export interface ProcessGroup extends BenchProcess {
  /** All processes: of one alone its own; of a store with workers theirs and that of the one who deals out connections. */
  readonly pids: readonly number[];
}

/** 0 workers: one process that does everything. */
export async function startGroup(dataDir: string, workers: number): Promise<ProcessGroup> {
  if (workers === 0) {
    const service = await startService(dataDir);
    return { ...service, pids: [service.pid] };
  }
  const group = await startProcess(CLUSTER_PROGRAM, [dataDir, String(workers)]);
  return { ...group, pids: group.announced.pids as number[] };
}

/** Seconds of processor time since they started; undefined without /proc. */
export async function cpuSeconds({ pids }: ProcessGroup): Promise<number | undefined> {
  return total(await Promise.all(pids.map(cpuSecondsOf)));
}

/** MiB that they have resident; `shared` counts pages that several have once, by shares. Undefined without /proc. */
export async function memory({ pids }: ProcessGroup) {
  const resident = await Promise.all(pids.map(async (pid) => (await memoryOf(pid))?.resident));
  return { resident: total(resident), shared: total(await Promise.all(pids.map(proportionalMiB))) };
}

/** The kernel's proportional set size, in MiB. */
async function proportionalMiB(pid: number): Promise<number | undefined> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const [, kibibytes] = /^Pss:\s+(\d+) kB/m.exec(rollup) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

function total(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
