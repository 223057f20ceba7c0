/**
 * LMDB as a peer, by lmdb-js as its documentation advises: writes are batched and committed by its own thread, the sync
 * of one transaction overlaps with the next, and `flushed` says when it is on stable storage.
 */
import { join } from 'node:path';
import { open } from 'lmdb';
import type { LogAppend } from '../../src/log/commit-log.js';
import { idBytes, type PeerLog } from './peer-log.js';

const SEQUENCE_BYTES = 6;
const VERSION_BYTES = 4;

export async function lmdbLog(directory: string): Promise<PeerLog> {
  const root = open({
    path: join(directory, 'events.mdb'),
    maxDbs: 2,
    overlappingSync: true,
    noSync: false,
    noMetaSync: false,
  });
  const options = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;
  const links = root.openDB<Buffer, Buffer>({ name: 'links', ...options });
  const places = root.openDB<Buffer, Buffer>({ name: 'places', ...options });
  let sequence = 0;
  return {
    async append({ consultationId, expectedVersion, links: added }: LogAppend) {
      const first = sequence + 1;
      const id = idBytes(consultationId);
      for (const [index, link] of added.entries()) {
        sequence += 1;
        const key = Buffer.allocUnsafe(SEQUENCE_BYTES);
        key.writeUIntBE(sequence, 0, SEQUENCE_BYTES);
        const place = Buffer.allocUnsafe(id.length + VERSION_BYTES);
        place.set(id, 0);
        place.writeUInt32BE(expectedVersion + index + 1, id.length);
        links.put(key, link);
        places.put(place, key);
      }
      await root.flushed;
      return first;
    },
    close: () => root.close(),
  };
}
