/** Whether a server syncs before it answers: appends one at a time to a server under strace, with a count for each. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { SkippedCase } from '../harness/benchmark.js';
import { newConsultations } from '../harness/service-under-test.js';
import { SyncCounter, straceArguments } from './sync-trace.js';

/** The program of a server with its arguments. */
export interface TracedProgram {
  args: readonly string[];
  /** Only what lies below it is looked at. */
  dataDir: string;
}

/**
 * Durable calls during each of so many appends, none of which shares its sync with another. Throws SkippedCase where
 * strace is missing or not allowed.
 */
export async function countSyncs(
  { args, dataDir }: TracedProgram,
  directory: string,
  bodies: readonly string[],
): Promise<number[]> {
  const output = join(directory, 'trace');
  await promisify(execFile)('strace', ['-qq', '-o', output, 'true']).catch(() => {
    throw new SkippedCase('there is no strace here, or it is not allowed: nobody counts syncs');
  });
  const traced = spawn('strace', [...straceArguments(output), process.execPath, ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(traced, 'exit');
  const url = await announcedUrl(traced.stdout, exited);
  const trace = await open(output, 'r');
  const counter = new SyncCounter(dataDir);
  const counts: number[] = [];
  try {
    const [id = ''] = await newConsultations(url, 1);
    for (const body of bodies) {
      counter.take(await trace.readFile('utf8'));
      const before = counter.count;
      await append(`${url}/consultations/${id}/events`, body);
      counter.take(await trace.readFile('utf8'));
      counts.push(counter.count - before);
    }
  } finally {
    await trace.close();
    // A signal to strace does not reach what it runs, whose id begins the trace.
    process.kill(Number.parseInt(await readFile(output, 'utf8'), 10), 'SIGTERM');
    await exited;
  }
  return counts;
}

async function announcedUrl(stdout: NodeJS.ReadableStream, exited: Promise<unknown[]>): Promise<string> {
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const { url } = JSON.parse(line) as { url?: unknown };
      if (typeof url === 'string') resolve(url);
    });
  });
  const announced = await Promise.race([listening, exited]);
  if (typeof announced !== 'string') throw new Error('the traced server ended before it listened');
  return announced;
}

async function append(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  if (response.status !== 201) throw new Error(`a traced append was answered with ${response.status}`);
}
