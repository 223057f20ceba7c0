/** The program as a process of its own, as a shell starts it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));

export interface ProgramRun {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it wrote to standard output so far. */
  stdout(): string;
  /** Resolves as soon as that includes a text. Rejects if the program ends without it. */
  shown(text: string): Promise<void>;
  finished: Promise<{ exitCode: number | null; stdout: string; stderr: string }>;
}

/** Starts it with no settings but those given; it is killed with the test. */
export function startProgram(t: TestContext, args: string[], env: Record<string, string> = {}): ProgramRun {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  const finished = once(child, 'close').then(([exitCode]) => {
    return { exitCode: exitCode as number | null, stdout, stderr };
  });
  const shown = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve();
      };
      child.stdout.on('data', look);
      finished.then(() => reject(new Error(`it ended without showing ${text}: ${stderr}`)), reject);
      look();
    });
  return { child, stdout: () => stdout, shown, finished };
}
