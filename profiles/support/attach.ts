/**
 * Attaches to a running Node process by its id, without a restart, and leaves it as it was.
 *
 * SIGUSR1 makes Node open its inspector on 127.0.0.1 (port 9229, or what `--inspect-port` says). Whoever reaches that
 * port may do everything in the process, so it is closed again as soon as the profile is taken, unless it was open
 * before. A process that does not handle the signal would be ended by it: that is looked at first.
 */
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { evaluated, InspectorSession } from './inspector-session.js';
import { handlesSigusr1, listeningPorts, programOf } from './listening-ports.js';

/** Where Node opens its inspector if it is told nothing. */
const DEFAULT_PORT = 9229;
const POLL_MS = 20;
const OPENS_WITHIN_MS = 5000;
const ANSWERS_WITHIN_MS = 1000;
/** Closing waits for open connections and holds the process until then; ours is gone well before. */
const CLOSE_AFTER_MS = 100;

export interface Attached {
  readonly pid: number;
  readonly session: InspectorSession;
  /** Ends the session, and closes the inspector if it was opened for it. The process goes on. */
  detach(): Promise<void>;
}

/** Throws an error that says what to do if there is no such process, it is not Node, or it cannot be reached. */
export async function attach(pid: number): Promise<Attached> {
  await checkProcess(pid);
  const open = await inspectorOf(pid);
  if (open === undefined) process.kill(pid, 'SIGUSR1');
  const session = open ?? (await opened(pid));
  return {
    pid,
    session,
    async detach() {
      if (open === undefined) await evaluated(session, closeLater());
      await session.close();
    },
  };
}

async function checkProcess(pid: number): Promise<void> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    const isForeign = (error as NodeJS.ErrnoException).code === 'EPERM';
    throw new Error(
      isForeign
        ? `process ${pid} belongs to another user: run this as that user`
        : `there is no process ${pid}: the service logs its pid in every line`,
      { cause: error },
    );
  }
  const program = await programOf(pid);
  if (program !== undefined && !/^node/.test(basename(program)))
    throw new Error(`process ${pid} is ${basename(program)}, not Node: give the pid of the service itself`);
  if ((await handlesSigusr1(pid)) === false && (await inspectorOf(pid)) === undefined)
    throw new Error(`process ${pid} does not open an inspector: start it without --disable-sigusr1`);
}

async function opened(pid: number): Promise<InspectorSession> {
  const until = performance.now() + OPENS_WITHIN_MS;
  while (performance.now() < until) {
    const session = await inspectorOf(pid);
    if (session !== undefined) return session;
    await delay(POLL_MS);
  }
  throw new Error(
    `process ${pid} opened no inspector within ${OPENS_WITHIN_MS} ms: if port ${DEFAULT_PORT} is taken, ` +
      'start the service with NODE_OPTIONS=--inspect-port=0',
  );
}

/** A session with the inspector of this very process; `undefined` if it has none open. */
async function inspectorOf(pid: number): Promise<InspectorSession | undefined> {
  for (const port of (await listeningPorts(pid)) ?? [DEFAULT_PORT]) {
    const url = await debuggerUrl(port);
    if (url === undefined) continue;
    const session = await InspectorSession.open(url);
    if ((await evaluated(session, 'process.pid')) === pid) return session;
    await session.close();
  }
  return undefined;
}

/** What listens there may be anything, such as the service itself. */
async function debuggerUrl(port: number): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    const response = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
    const [target] = (await response.json()) as { webSocketDebuggerUrl?: string }[];
    return target?.webSocketDebuggerUrl;
  } catch {
    return undefined;
  }
}

const closeLater = (): string =>
  `setTimeout(() => process.getBuiltinModule('node:inspector').close(), ${CLOSE_AFTER_MS}).unref(), 0`;
