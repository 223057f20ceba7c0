/** A server under measurement, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface BenchProcess {
  readonly url: string;
  readonly pid: number;
  /** The whole line that it logged once it listened. */
  readonly announced: Readonly<Record<string, unknown>>;
  /** Ends it with SIGTERM and waits. */
  stop(): Promise<void>;
}

/** Starts a compiled program that logs a JSON line with its `url` once it listens. `node` is the executable to run it with. */
export async function startProcess(
  program: URL,
  args: readonly string[],
  env: Record<string, string> = {},
  node = process.execPath,
): Promise<BenchProcess> {
  const child: ChildProcess = spawn(node, [fileURLToPath(program), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const { stdout } = child;
  if (stdout === null) throw new Error('the program has no standard output');
  const listening = new Promise<BenchProcess['announced'] & { url: string }>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const announced = JSON.parse(line) as Record<string, unknown>;
      const { url } = announced;
      if (typeof url === 'string') resolve({ ...announced, url });
    });
  });
  const announced = await Promise.race([listening, exited]);
  if (Array.isArray(announced)) throw new Error(`${fileURLToPath(program)} ended before it listened`);
  return {
    url: announced.url,
    pid: child.pid as number,
    announced,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
