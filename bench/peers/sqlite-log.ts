/**
 * SQLite as a peer: a write-ahead log with `synchronous=FULL`, which syncs it at every commit, and one prepared
 * statement.
 *
 * The binding is a copy of Node's own `node:sqlite`, for Nodes that do not have it yet. Its calls block, so that there
 * is one transaction at a time whatever is done: one for each append, or one for all that came within one turn of the
 * event loop, of which there are more the longer the last commit took.
 */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { LogAppend } from '../../src/log/commit-log.js';
import { byTurn, idBytes, type PeerLog } from './peer-log.js';

/** `grouped`: one transaction for all that came together. */
export async function sqliteLog(directory: string, { grouped }: { grouped: boolean }): Promise<PeerLog> {
  const database = new DatabaseSync(join(directory, 'events.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec(
    `CREATE TABLE events (sequence INTEGER PRIMARY KEY, consultation BLOB NOT NULL, version INTEGER NOT NULL, link BLOB NOT NULL);
     CREATE UNIQUE INDEX by_consultation ON events (consultation, version)`,
  );
  const insert = database.prepare('INSERT INTO events (consultation, version, link) VALUES (?, ?, ?)');
  const store = ({ consultationId, expectedVersion, links }: LogAppend): number => {
    const id = idBytes(consultationId);
    let last = 0;
    for (const [index, link] of links.entries()) {
      last = Number(insert.run(id, expectedVersion + index + 1, link).lastInsertRowid);
    }
    return last - links.length + 1;
  };
  const grouping = byTurn((waiting) => {
    try {
      database.exec('BEGIN IMMEDIATE');
      const sequences = waiting.map(({ append }) => store(append));
      database.exec('COMMIT');
      for (const [index, { resolve }] of waiting.entries()) resolve(sequences[index] as number);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  });
  return {
    // An insert outside of a transaction is one by itself.
    append: grouped ? grouping : async (append) => store(append),
    async close() {
      database.close();
    },
  };
}
