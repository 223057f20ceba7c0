/** How long a thread ran, and how long it could have run and had no core: what makes a profile by the clock too long. */
import { readFile } from 'node:fs/promises';

export interface Scheduling {
  ran_seconds: number;
  waited_seconds: number;
}

/** Of the main thread since its start, by /proc/PID/task/PID/schedstat; `null` where the kernel does not tell. */
export async function schedulingOf(pid: number): Promise<Scheduling | null> {
  const text = await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').catch(() => undefined);
  const [ranNs, waitedNs] = text?.split(' ').map(Number) ?? [];
  if (ranNs === undefined || waitedNs === undefined) return null;
  return { ran_seconds: ranNs / 1e9, waited_seconds: waitedNs / 1e9 };
}

/** What was added between two looks. */
export function schedulingBetween(before: Scheduling | null, after: Scheduling | null): Scheduling | null {
  if (before === null || after === null) return null;
  return {
    ran_seconds: after.ran_seconds - before.ran_seconds,
    waited_seconds: after.waited_seconds - before.waited_seconds,
  };
}

/**
 * What a microsecond of a profile's worked time comes to for each request, in microseconds of processor time; `null` where
 * nobody counted requests. A profile is by the clock: what the thread waited for a core is spread over all that it did,
 * and taken off evenly here. `busy` is what it worked, by the clock, in microseconds.
 */
export function perRequest(
  busy: number,
  { requests, scheduling }: { requests: number | null; scheduling: Scheduling | null },
): number | null {
  if (requests === null || requests === 0) return null;
  const ran = scheduling === null ? busy : scheduling.ran_seconds * 1e6;
  // A thread that has its core runs a little more than it works: entering and leaving its sleep is idle time.
  return Math.min(1, ran / busy) / requests;
}

/** The same as a sentence, or none. */
export function schedulingFacts(scheduling: Scheduling | null): string[] {
  if (scheduling === null) return [];
  const { ran_seconds: ran, waited_seconds: waited } = scheduling;
  const share = ((100 * waited) / (ran + waited)).toFixed(0);
  return [
    `the main thread ran ${ran.toFixed(2)} s and waited ${waited.toFixed(2)} s for a core, ${share} % of both; times by the clock are too long by that, µs/request are not`,
  ];
}
