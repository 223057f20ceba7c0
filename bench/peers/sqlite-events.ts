/**
 * A table of events in SQLite: a write-ahead log with `synchronous=FULL`, which syncs it at every commit, and one
 * prepared statement.
 *
 * The binding is a copy of Node's own `node:sqlite`, for Nodes that do not have it yet. Its calls block.
 */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { LogAppend } from '../../src/log/commit-log.js';
import { idBytes } from './peer-log.js';

export interface SqliteEvents {
  /** Stores one append in a transaction of its own; returns the sequence of its first event. */
  store(append: LogAppend): number;
  /** Stores all in one transaction, or throws and stores none. */
  storeAll(appends: readonly LogAppend[]): number[];
  close(): void;
}

/** Makes the table in a new file of the directory. */
export function openSqliteEvents(directory: string): SqliteEvents {
  const database = new DatabaseSync(join(directory, 'events.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec(
    `CREATE TABLE events (sequence INTEGER PRIMARY KEY, consultation BLOB NOT NULL, version INTEGER NOT NULL, link BLOB NOT NULL);
     CREATE UNIQUE INDEX by_consultation ON events (consultation, version)`,
  );
  const insert = database.prepare('INSERT INTO events (consultation, version, link) VALUES (?, ?, ?)');
  const insertAll = ({ consultationId, expectedVersion, links }: LogAppend): number => {
    const id = idBytes(consultationId);
    let last = 0;
    for (const [index, link] of links.entries()) {
      last = Number(insert.run(id, expectedVersion + index + 1, link).lastInsertRowid);
    }
    return last - links.length + 1;
  };
  const storeAll = (appends: readonly LogAppend[]): number[] => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const sequences = appends.map(insertAll);
      database.exec('COMMIT');
      return sequences;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    // One insert outside of a transaction is one by itself.
    store: (append) => (append.links.length === 1 ? insertAll(append) : (storeAll([append])[0] as number)),
    storeAll,
    close: () => database.close(),
  };
}
