/** Sessions with the worker threads of a process, carried by the session with the process itself (NodeWorker domain). */
import { basename } from 'node:path';
import { Calls, type Inspected, type InspectorSession } from './inspector-session.js';

export interface InspectedWorker extends Inspected {
  /** The file that it runs, such as `index-worker`, with a number if there are several. */
  readonly name: string;
}

/** Those that run now, in no order. `NodeWorker.disable` ends the sessions. */
export async function workersOf(session: InspectorSession): Promise<InspectedWorker[]> {
  const calls = new Map<string, Calls>();
  const workers: InspectedWorker[] = [];
  session.on('NodeWorker.attachedToWorker', (params) => {
    const { sessionId, workerInfo } = params as { sessionId: string; workerInfo: { url: string } };
    const own = new Calls((message) =>
      session.send('NodeWorker.sendMessageToWorker', { sessionId, message }),
    );
    calls.set(sessionId, own);
    const name = freeName(basename(workerInfo.url, '.js'), workers);
    workers.push({ name, send: own.send.bind(own) });
  });
  session.on('NodeWorker.receivedMessageFromWorker', (params) => {
    const { sessionId, message } = params as { sessionId: string; message: string };
    calls.get(sessionId)?.take(JSON.parse(message));
  });
  session.on('NodeWorker.detachedFromWorker', (params) => {
    const { sessionId } = params as { sessionId: string };
    calls.get(sessionId)?.fail('the worker thread ended');
  });
  // Workers that run are told of before the answer; those that start later are left alone.
  await session.send('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return [...workers];
}

function freeName(name: string, taken: readonly InspectedWorker[]): string {
  const same = taken.filter((worker) => worker.name.replace(/-\d+$/, '') === name).length;
  return same === 0 ? name : `${name}-${same + 1}`;
}
