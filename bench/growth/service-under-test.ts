/** The real service as a child process on a data directory: how fast it starts, and what memory it holds. */
import { readFile } from 'node:fs/promises';
import { type BenchProcess, startProcess } from '../support/bench-process.js';

const PROGRAM = new URL('../../src/cli/fi-consult.js', import.meta.url);

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

export async function startService(dataDir: string): Promise<StartedService> {
  const started = performance.now();
  const service = await startProcess(PROGRAM, ['serve', '--port', '0', '--data-dir', dataDir]);
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
  return {
    resident: mebibytes('VmRSS'),
    anonymous: mebibytes('RssAnon'),
    file: mebibytes('RssFile'),
  };
}
