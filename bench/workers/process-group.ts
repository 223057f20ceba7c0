/** The service as one process or as several, and the memory of all of its processes together. */
import { readFile } from 'node:fs/promises';
import { memoryOf, startService } from '../harness/service-under-test.js';
import { type BenchProcess, startProcess } from '../support/bench-process.js';

const CLUSTER_PROGRAM = new URL('./cluster-program.js', import.meta.url);

/** `process`: the only one; `dealer`: the one that deals out connections, and has nothing to do while they last. */
export type Role = 'process' | 'store' | 'workers' | 'dealer';

export interface ProcessGroup extends BenchProcess {
  /** The ids of all processes, by what they do. */
  readonly roles: Readonly<Partial<Record<Role, readonly number[]>>>;
}

/** 0 workers: one process that does everything. */
export async function startGroup(dataDir: string, workers: number): Promise<ProcessGroup> {
  if (workers === 0) {
    const service = await startService(dataDir);
    return { ...service, roles: { process: [service.pid] } };
  }
  const group = await startProcess(CLUSTER_PROGRAM, [dataDir, String(workers)]);
  return { ...group, roles: group.announced.roles as ProcessGroup['roles'] };
}

/** The ids of all processes. */
export const pidsOf = ({ roles }: ProcessGroup): number[] => Object.values(roles).flat();

/** MiB that they have resident; `shared` counts pages that several have once, by shares. Undefined without /proc. */
export async function memory(group: ProcessGroup) {
  const pids = pidsOf(group);
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
