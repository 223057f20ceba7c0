/** Starts test/profiles/busy-process.ts for one test, with its inspector, once opened, on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./busy-process.js', import.meta.url));
/** Two tests at a time would otherwise want the same port. */
export const INSPECTOR_ENV = { NODE_OPTIONS: '--inspect-port=0 --inspect-publish-uid=http' };

export async function startedBusyProcess(t: TestContext): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, [PROGRAM], {
    env: { PATH: process.env.PATH, ...INSPECTOR_ENV },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child as ChildProcess & { pid: number };
}
