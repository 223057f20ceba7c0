/** The real service on a directory of its own, for one test. */
import type { TestContext } from 'node:test';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

export interface RunningService {
  directory: string;
  service: ServiceProcess;
}

export async function runningService(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<RunningService> {
  let service: ServiceProcess | undefined;
  // Hooks run in the order they are set: a service that still writes would keep its directory from being removed.
  t.after(() => service?.end('SIGKILL'));
  const directory = await temporaryDirectory(t);
  service = await ServiceProcess.start(directory, env);
  return { directory, service };
}
