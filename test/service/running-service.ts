/** The real service on a directory of its own, for one test. */
import type { TestContext } from 'node:test';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

export interface RunningService {
  directory: string;
  /** A test that starts another one puts it here: whatever is here at its end is killed. */
  service: ServiceProcess;
}

export async function runningService(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<RunningService> {
  let running: RunningService | undefined;
  // Hooks run in the order they are set: a service that still writes would keep its directory from being removed.
  t.after(() => running?.service.end('SIGKILL'));
  const directory = await temporaryDirectory(t);
  running = { directory, service: await ServiceProcess.start(directory, env) };
  return running;
}
