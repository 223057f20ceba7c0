/**
 * The service that is profiled: one that is started and loaded for it, in a directory of its own, or one that runs and
 * that its own clients load.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { closedLoop } from '../../bench/harness/closed-loop.js';
import { openLoop } from '../../bench/harness/open-loop.js';
import { newConsultations, stageFigures, startService } from '../../bench/harness/service-under-test.js';
import { appendBodies, appendRequests } from '../../bench/support/append-requests.js';
import { type BenchProcess, startProcess } from '../../bench/support/bench-process.js';
import { attach } from './attach.js';
import type { InspectorSession } from './inspector-session.js';
import type { ProfileOptions } from './profile-options.js';

const CEILING = new URL('../../bench/support/ceiling-server.js', import.meta.url);
const TOLD_MS = 200;
/**
 * Any free port, so that an inspector on the usual one is not in the way; the usual one where ports of a process are not
 * known. And no word of it on standard error.
 */
const INSPECTOR_FLAGS = `${process.platform === 'linux' ? '--inspect-port=0 ' : ''}--inspect-publish-uid=http`;

/** What was done while a profile was taken. */
export interface Done {
  /** Appends that were answered; `undefined` where nobody counted. */
  requests: number | undefined;
  seconds: number;
  /** Reasons that the figures must not be quoted. */
  invalid: readonly string[];
}

export interface Target {
  readonly pid: number;
  readonly session: InspectorSession;
  /** Loads it, or waits while others do, for so many seconds. The signal ends a wait early. */
  run(seconds: number, onProgress: (share: number) => void): Promise<Done>;
  /** Lets go of a service that runs; stops and removes one that was started. */
  end(): Promise<void>;
}

/** Ready to be profiled: started, warmed up and attached to. */
export function openTarget(options: ProfileOptions, signal: AbortSignal): Promise<Target> {
  return options.pid === undefined ? startedTarget(options) : runningTarget(options.pid, options.url, signal);
}

async function startedTarget(options: ProfileOptions): Promise<Target> {
  const directory = await mkdtemp(join(options.dataDir, 'fi-consult-profile-'));
  let server: BenchProcess | undefined;
  const stopped = async (): Promise<void> => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    server = await startServer(options, join(directory, 'data'));
    const run = await loadOf(server.url, options);
    await run(options.warmUpSeconds, () => undefined);
    const { pid, session, detach } = await attach(server.pid);
    return { pid, session, run, end: () => detach().finally(stopped) };
  } catch (error) {
    await stopped();
    throw error;
  }
}

function startServer({ server }: ProfileOptions, dataDir: string): Promise<BenchProcess> {
  const env = { NODE_OPTIONS: INSPECTOR_FLAGS };
  return server === 'ceiling' ? startProcess(CEILING, [], env) : startService(dataDir, env);
}

/** The load of `npm run bench:append`. */
async function loadOf(url: string, options: ProfileOptions): Promise<Target['run']> {
  const { connections, rate, server } = options;
  // The ceiling knows no consultations and takes any id.
  const ids =
    server === 'ceiling'
      ? Array.from({ length: connections }, () => randomUUID())
      : await newConsultations(url, connections);
  const request = appendRequests(ids, await appendBodies(options.corpus, options.seed));
  return async (seconds, onProgress) => {
    const load = { url, connections, seconds, request, status: 201, onProgress };
    const result =
      rate === undefined ? await closedLoop(load) : await openLoop({ ...load, ratePerSecond: rate });
    return { requests: result.answered, seconds: result.seconds, invalid: result.invalid };
  };
}

async function runningTarget(id: number, url: string | undefined, signal: AbortSignal): Promise<Target> {
  const appended = async (): Promise<number | undefined> =>
    url === undefined ? undefined : ((await stageFigures(url)).total?.count ?? 0);
  // A wrong address is said before anything is attached to.
  await appended();
  const { pid, session, detach } = await attach(id);
  return {
    pid,
    session,
    end: detach,
    async run(seconds, onProgress) {
      const [before, started] = [await appended(), performance.now()];
      const told = setInterval(() => onProgress((performance.now() - started) / (seconds * 1000)), TOLD_MS);
      await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
      clearInterval(told);
      const [after, elapsed] = [await appended(), (performance.now() - started) / 1000];
      const requests = before === undefined || after === undefined ? undefined : after - before;
      return { requests, seconds: elapsed, invalid: [] };
    },
  };
}
