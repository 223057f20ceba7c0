/** The real service as a child process on a data directory, and what can be asked about it while it runs. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchProcess, startProcess } from '../support/bench-process.js';
import { scalar } from './measures.js';
import type { Measure, Scalar } from './result.js';

const PROGRAM = new URL('../../src/cli/fi-consult.js', import.meta.url);
/** The unit of times in /proc/PID/stat: USER_HZ, which Linux fixes for programs. */
export const TICKS_PER_SECOND = 100;

export interface StartedService extends BenchProcess {
  /** From the spawn to the line that says it listens, and the part of it that opened the store. */
  readonly startMs: number;
  readonly storeMs: number;
  readonly headSequence: number;
}

/** Resident memory in MiB, as the kernel counts it (/proc/PID/status). */
export interface Memory {
  /** All of it: VmRSS. */
  resident: number;
  /** RssAnon: heaps, buffers, stacks. Only the process itself can give it back. */
  anonymous: number;
  /** RssFile: pages of mapped files, program and index; the kernel takes clean ones back when it needs them. */
  file: number;
}

/** Starts `fi-consult serve` on a free port, with settings by their FI_ names. */
export async function startService(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedService> {
  const started = performance.now();
  const args = ['serve', '--port', '0', '--data-dir', dataDir];
  const service = await startProcess(PROGRAM, args, { ...settings });
  const startMs = performance.now() - started;
  const { storeMs, headSequence } = service.announced as { storeMs: number; headSequence: number };
  return { ...service, startMs, storeMs, headSequence };
}

/** `undefined` where there is no /proc. */
export async function memoryOf(pid: number): Promise<Memory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (status === undefined) return undefined;
  const mebibytes = (name: string): number => {
    const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
    return Number(kibibytes) / 1024;
  };
  return { resident: mebibytes('VmRSS'), anonymous: mebibytes('RssAnon'), file: mebibytes('RssFile') };
}

/** Seconds of processor time that a process has used, all threads, user and system. `undefined` without /proc. */
export function cpuSecondsOf(pid: number): Promise<number | undefined> {
  return cpuSecondsIn(`/proc/${pid}/stat`);
}

/** The part of it that its main thread has used, which is the one that runs JavaScript. `undefined` without /proc. */
export function mainThreadCpuSecondsOf(pid: number): Promise<number | undefined> {
  return cpuSecondsIn(`/proc/${pid}/task/${pid}/stat`);
}

async function cpuSecondsIn(file: string): Promise<number | undefined> {
  const stat = await readFile(file, 'utf8').catch(() => undefined);
  // The name in brackets may have spaces; after it come the state (3rd field), and the times as 14th and 15th.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** How often, and after which wait, a request that only prepares a measurement is sent again to a service that is busy. */
const TRIES = 20;
const RETRY_MS = 500;

/** What `send` gives once it does not throw any more: for what prepares a measurement, never for what is measured. */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await send();
    } catch (error) {
      if (tried === TRIES) throw error;
      await delay(RETRY_MS);
    }
  }
}

/** New consultations, by their ids. */
export async function newConsultations(url: string, count: number, userId = 'dr-bench'): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1)
    ids.push(await patiently(() => newConsultation(url, userId)));
  return ids;
}

async function newConsultation(url: string, userId: string): Promise<string> {
  const response = await fetch(`${url}/consultations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId }),
  });
  if (response.status !== 201)
    throw new Error(`no consultation: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { consultation_id: string }).consultation_id;
}

/** The service's own stage timers since it started, in seconds: `/metrics` as JSON. */
export interface StageFigures {
  count: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

export async function stageFigures(url: string): Promise<Record<string, StageFigures>> {
  const response = await fetch(`${url}/metrics`, { headers: { accept: 'application/json' } });
  const metrics = (await response.json()) as { fi_ingest_latency_seconds: Record<string, StageFigures> };
  return metrics.fi_ingest_latency_seconds;
}

/**
 * What the stages did between two looks: the exact mean, and the percentiles of all since the start, warm-up included,
 * for that is what the service keeps. Microseconds, as `stage_<name>_<figure>`.
 */
export function stageMeasures(
  before: Readonly<Record<string, StageFigures>>,
  after: Readonly<Record<string, StageFigures>>,
): Record<string, Measure> {
  const measures: Record<string, Scalar> = {};
  for (const [stage, { count, mean, p50, p95, p99 }] of Object.entries(after)) {
    const earlier = before[stage] ?? { count: 0, mean: 0 };
    const passed = count - earlier.count;
    if (passed === 0) continue;
    const meanSeconds = (count * mean - earlier.count * earlier.mean) / passed;
    for (const [figure, seconds] of Object.entries({ mean: meanSeconds, p50, p95, p99 })) {
      measures[`stage_${stage}_${figure}`] = scalar(seconds * 1e6, 'us', 'lower');
    }
  }
  return measures;
}
