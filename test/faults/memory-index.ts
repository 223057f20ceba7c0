/**
 * The index in memory, with what LMDB promises for it: a transaction is there whole or not at all, and a power cut may
 * undo the last one. LMDB itself is not simulated; its own tests kill it.
 */
import type { Random } from '../../src/domain/seeded-random.js';
import {
  APPLIED_KEY,
  EVENT_IDS_TABLE,
  EVENTS_TABLE,
  HEADS_TABLE,
  META_TABLE,
} from '../../src/index/index-layout.js';
import type { IndexStorage, IndexTables } from '../../src/index/index-tables.js';
import { KEY_TIMES_TABLE, KEYS_TABLE } from '../../src/index/key-layout.js';
import { LISTED_BY_TABLE, LISTED_TABLE } from '../../src/index/listing-layout.js';
import type { Table, TableFormat } from '../../src/index/lmdb.js';
import { SNAPSHOTS_TABLE } from '../../src/index/snapshot-layout.js';

/** The value that a key of a table had before; none if it was not there. */
interface Undo {
  table: Map<string, Buffer>;
  key: string;
  before: Buffer | undefined;
}

export class MemoryIndex implements IndexStorage {
  private tables = new Map<string, Map<string, Buffer>>();
  private lastCommit: Undo[] = [];
  private underWay: Undo[] = [];

  async open(): Promise<{ kind: 'open'; index: IndexTables }> {
    const environment = {
      transaction: (action: () => void) => this.transaction(action),
      refresh: () => {},
      close: async () => {},
    };
    const index = {
      environment,
      meta: this.table(META_TABLE),
      heads: this.table(HEADS_TABLE),
      events: this.table(EVENTS_TABLE),
      eventIds: this.table(EVENT_IDS_TABLE),
      snapshots: this.table(SNAPSHOTS_TABLE),
      listed: this.table(LISTED_TABLE),
      listedBy: this.table(LISTED_BY_TABLE),
      keys: this.table(KEYS_TABLE),
      keyTimes: this.table(KEY_TIMES_TABLE),
    };
    return { kind: 'open', index };
  }

  async delete(): Promise<void> {
    this.tables = new Map();
    this.lastCommit = [];
  }

  /** The newest event in it. */
  appliedSequence(): number {
    return this.table(META_TABLE).get(APPLIED_KEY) ?? 0;
  }

  /** What a power cut leaves; now and then the folder was deleted as well, which anybody may do at any time. */
  async powerCut(random: Random): Promise<void> {
    if (random() < 0.5) undo(this.lastCommit);
    this.lastCommit = [];
    if (random() < 0.2) await this.delete();
  }

  private transaction(action: () => void): void {
    this.underWay = [];
    try {
      action();
    } catch (error) {
      undo(this.underWay);
      throw error;
    }
    this.lastCommit = this.underWay;
  }

  private table<Key, Value>(format: TableFormat<Key, Value>): Table<Key, Value> {
    const rows = this.tables.get(format.name) ?? new Map<string, Buffer>();
    this.tables.set(format.name, rows);
    const change = (key: Uint8Array, value: Buffer | undefined): void => {
      const name = Buffer.from(key).toString('latin1');
      this.underWay.push({ table: rows, key: name, before: rows.get(name) });
      if (value === undefined) rows.delete(name);
      else rows.set(name, value);
    };
    const between = (start: Uint8Array, end: Uint8Array): string[] => {
      const [from, to] = [start, end].map((key) => Buffer.from(key).toString('latin1')) as [string, string];
      return [...rows.keys()].filter((key) => key >= from && key < to).sort();
    };
    const keyOf = (name: string): Key => format.readKey(Buffer.from(name, 'latin1'), 0, name.length);
    return {
      get: (key) => {
        const value = rows.get(Buffer.from(key).toString('latin1'));
        return value && format.readValue(value);
      },
      put: (key, value) => change(key, Buffer.from(value)),
      remove: (key) => change(key, undefined),
      scan: (start, end, visit) => {
        for (const name of between(start, end)) {
          if (!visit(keyOf(name), format.readValue(rows.get(name) as Buffer))) return;
        }
      },
      *keys(start, end) {
        for (const name of between(start, end)) yield keyOf(name);
      },
    };
  }
}

function undo(changes: Undo[]): void {
  for (const { table, key, before } of changes.toReversed()) {
    if (before === undefined) table.delete(key);
    else table.set(key, before);
  }
}
