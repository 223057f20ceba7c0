/** Starts test/profiles/busy-process.ts for one test, with its inspector, once opened, on a port of its own; looks at its ports. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listeningPorts } from '../../profiles/support/listening-ports.js';

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

/** Resolves once a process listens on so many ports: an inspector opens and closes a moment after it was told to. */
export async function listensOn(pid: number, count: number): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if ((await listeningPorts(pid))?.length === count) return;
    await delay(10);
  }
  assert.fail(`process ${pid} listens on ${(await listeningPorts(pid))?.length} ports and not on ${count}`);
}
