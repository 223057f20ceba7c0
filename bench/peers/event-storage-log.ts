/**
 * The npm package event-storage as a peer: its fsync on every flush of its write buffer, a stream for each consultation.
 *
 * As it comes it flushes at the end of each callback and keeps a file for each stream, so that every append has an fsync
 * of its own. Grouped, all streams share a file, and what came within one turn of the event loop is committed in one
 * callback, so that its write buffer takes all of it to one fsync. The files of its index are never synced: it makes
 * them anew from the events. A link goes in as Base64, for its documents are JSON.
 */
import { once } from 'node:events';
import { EventStore } from 'event-storage';
import type { LogAppend } from '../../src/log/commit-log.js';
import { byTurn, type PeerLog } from './peer-log.js';

/** A document larger than four fifths of it would be called back before it is synced. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
const WRITE_BUFFER_BYTES_OF_STREAM = 64 * 1024;

/** `grouped`: one file and one fsync for all that came together. */
export async function eventStorageLog(
  directory: string,
  { grouped }: { grouped: boolean },
): Promise<PeerLog> {
  const store = new EventStore('events', {
    storageDirectory: directory,
    storageConfig: {
      syncOnFlush: true,
      writeBufferSize: grouped ? WRITE_BUFFER_BYTES : WRITE_BUFFER_BYTES_OF_STREAM,
      maxWriteBufferDocuments: 0,
      ...(grouped && { partitioner: () => '' }),
      indexOptions: { syncOnFlush: false },
    },
  });
  await once(store, 'ready');
  const commit = ({ consultationId, expectedVersion, links }: LogAppend, stored: () => void): number => {
    const documents = links.map((link) => ({ link: link.toString('base64') }));
    store.commit(consultationId, documents, expectedVersion, stored);
    return store.length - links.length + 1;
  };
  const grouping = byTurn((waiting) => {
    for (const { append, resolve, reject } of waiting) {
      try {
        const sequence: number = commit(append, () => resolve(sequence));
      } catch (error) {
        reject(error);
      }
    }
  });
  const single = (append: LogAppend): Promise<number> =>
    new Promise((resolve) => {
      const sequence: number = commit(append, () => resolve(sequence));
    });
  return {
    append: grouped ? grouping : single,
    async close() {
      store.close();
    },
  };
}
