/**
 * The processor time of a request, apart for each kind of process: of main threads, which run JavaScript and so bound
 * what a process answers, and of all threads, which bound what a machine answers.
 */
import { scalar } from '../harness/measures.js';
import type { Scalar } from '../harness/result.js';
import { cpuSecondsOf, mainThreadCpuSecondsOf, TICKS_PER_SECOND } from '../harness/service-under-test.js';
import type { ProcessGroup, Role } from './process-group.js';

/** The kernel tells whole ticks: with fewer of them a figure is mostly rounding, and is left out. */
const TICKS_MIN = 10;

const MEASURED_ROLES = ['process', 'store', 'workers'] as const satisfies readonly Role[];
export type MeasuredRole = (typeof MEASURED_ROLES)[number];

/** Seconds of processor time of one process since it started. */
export interface ProcessorTime {
  role: Role;
  main: number;
  threads: number;
}

/** Of all processes; undefined without /proc. */
export async function processorTimes({
  roles,
}: Pick<ProcessGroup, 'roles'>): Promise<ProcessorTime[] | undefined> {
  const times = await Promise.all(
    Object.entries(roles).flatMap(([role, pids]) => pids.map((pid) => timeOf(role as Role, pid))),
  );
  const known = times.filter((time) => time !== undefined);
  return known.length === times.length ? known : undefined;
}

async function timeOf(role: Role, pid: number): Promise<ProcessorTime | undefined> {
  const [main, threads] = await Promise.all([mainThreadCpuSecondsOf(pid), cpuSecondsOf(pid)]);
  return main === undefined || threads === undefined ? undefined : { role, main, threads };
}

/**
 * Between two looks at the same processes: `cpu`, the cores of all of them; and for each kind, microseconds a request as
 * `<kind>_main_us` and `<kind>_threads_us`, those of all workers together. A figure of too few ticks is missing.
 */
export function processorMeasures(
  before: readonly ProcessorTime[],
  after: readonly ProcessorTime[],
  { seconds, answered }: { seconds: number; answered: number },
): Record<string, Scalar> {
  const spent = after.map(({ role, main, threads }, index) => ({
    role,
    main: main - (before[index]?.main ?? 0),
    threads: threads - (before[index]?.threads ?? 0),
  }));
  const measures: Record<string, Scalar> = {
    cpu: scalar(sum(spent.map(({ threads }) => threads)) / seconds, 'cores', 'lower'),
  };
  for (const role of MEASURED_ROLES) {
    for (const part of ['main', 'threads'] as const) {
      const times = spent.filter((time) => time.role === role).map((time) => time[part]);
      if (times.length === 0 || times.some(isTooShort)) continue;
      measures[`${role}_${part}_us`] = scalar((sum(times) * 1e6) / answered, 'us', 'lower');
    }
  }
  return measures;
}

const isTooShort = (seconds: number): boolean => Math.round(seconds * TICKS_PER_SECOND) < TICKS_MIN;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
