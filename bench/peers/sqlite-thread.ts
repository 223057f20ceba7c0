/** The thread of sqlite-thread-log.ts: one transaction for each message. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../src/domain/errors.js';
import type { LogAppend } from '../../src/log/commit-log.js';
import { openSqliteEvents } from './sqlite-events.js';
import type { SqliteAnswer, SqliteBatch } from './sqlite-thread-log.js';

const port = parentPort;
assert(port !== null, 'it runs as a worker thread');
const events = openSqliteEvents(workerData as string);

function appendsOf({ appends, bytes }: SqliteBatch): LogAppend[] {
  let end = 0;
  return appends.map(({ consultationId, expectedVersion, linkLengths }) => {
    const links = linkLengths.map((length) => {
      end += length;
      return Buffer.from(bytes.buffer, end - length, length);
    });
    return { consultationId, expectedVersion, links };
  });
}

function answerTo(batch: SqliteBatch): SqliteAnswer {
  try {
    return { sequences: events.storeAll(appendsOf(batch)) };
  } catch (error) {
    return { error };
  }
}

port.on('message', (message: SqliteBatch | 'close') => {
  if (message === 'close') {
    events.close();
    port.close();
  } else port.postMessage(answerTo(message));
});
port.postMessage('ready');
