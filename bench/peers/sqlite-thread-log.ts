/**
 * SQLite as a peer in a thread of its own: while one transaction is committed, what comes waits for the next, as with our
 * own journal. The links of a transaction go over in one piece that is handed on and not copied.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PeerLog, WaitingAppend } from './peer-log.js';

/** One transaction, for the thread. */
export interface SqliteBatch {
  appends: { consultationId: string; expectedVersion: number; linkLengths: number[] }[];
  /** All links, one after another. */
  bytes: Uint8Array<ArrayBuffer>;
}
export type SqliteAnswer = { sequences: number[] } | { error: unknown };

export async function sqliteThreadLog(directory: string): Promise<PeerLog> {
  const worker = new Worker(new URL('./sqlite-thread.js', import.meta.url), { workerData: directory });
  await once(worker, 'message');
  let waiting: WaitingAppend[] = [];
  let storing: readonly WaitingAppend[] | undefined;
  const storeNext = (): void => {
    if (storing !== undefined || waiting.length === 0) return;
    storing = waiting;
    waiting = [];
    const batch = batchOf(storing);
    worker.postMessage(batch, [batch.bytes.buffer]);
  };
  worker.on('message', (answer: SqliteAnswer) => {
    const stored = storing ?? [];
    storing = undefined;
    storeNext();
    for (const [index, { resolve, reject }] of stored.entries()) {
      if ('error' in answer) reject(answer.error);
      else resolve(answer.sequences[index] as number);
    }
  });
  return {
    append: (append) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ append, resolve, reject }) === 1) setImmediate(storeNext);
      }),
    async close() {
      const ended = once(worker, 'exit');
      worker.postMessage('close');
      await ended;
    },
  };
}

function batchOf(waiting: readonly WaitingAppend[]): SqliteBatch {
  const links = waiting.flatMap(({ append }) => append.links);
  const bytes = new Uint8Array(links.reduce((sum, link) => sum + link.length, 0));
  let end = 0;
  for (const link of links) {
    bytes.set(link, end);
    end += link.length;
  }
  const appends = waiting.map(({ append: { consultationId, expectedVersion, links: own } }) => {
    return { consultationId, expectedVersion, linkLengths: own.map((link) => link.length) };
  });
  return { appends, bytes };
}
