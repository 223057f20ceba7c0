/**
 * The one file that knows lmdb: environments, tables and transactions, and its errors made ours.
 *
 * What is on disk after a failure, by the options below:
 * - A transaction is one change of a root page: after kill -9 it is there whole or not at all.
 * - Each commit waits for one fdatasync of its pages; its root (the meta page) is written after that and
 *   reaches the disk with the next commit (`noMetaSync`). A power cut can therefore undo the last commit, and
 *   can never leave a root that points to pages which are not there: a corrupt index is impossible, where
 *   `noSync` would only make it likely to go unnoticed. The second fdatasync would buy nothing, because what
 *   is undone is indexed again from the log.
 */
import type { Database, RootDatabase } from 'lmdb';
import { CodedError } from '../domain/errors.js';

type LmdbModule = Pick<typeof import('lmdb'), 'open'>;

/**
 * Address space for the file, not memory and not disk: with room from the start the file is mapped once,
 * under readers of all threads. About 400 million events fit; past it LMDB maps anew, twice as large.
 */
const MAP_BYTES = 64 * 1024 ** 3;

const ENVIRONMENT_OPTIONS = {
  noSubdir: false,
  mapSize: MAP_BYTES,
  remapChunks: false,
  maxDbs: 16,
  maxReaders: 126,
  overlappingSync: false,
  noSync: false,
  noMetaSync: true,
  /** A stray pointer of this process must not be able to write into the file. */
  useWritemap: false,
  /** Pages are cleared before use, so that nothing else from memory ends up in the file. */
  noMemInit: false,
  /** Lookups are at random: reading ahead would fill memory with pages that nobody asked for. */
  noReadAhead: true,
  permissionsMode: 0o640,
  cache: false,
  compression: false,
  useVersions: false,
  dupSort: false,
} as const;

/** LMDB's codes for a file that it cannot read: a missing page to a version mismatch, and an unfit table. */
const DAMAGE_CODES: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30794, -30793, -30784]);
const NO_SPACE_CODE = 28;

/** How a table's bytes are read. Both are called on memory that is used again: they copy what they keep. */
export interface TableFormat<Key, Value> {
  name: string;
  readKey(source: Buffer, start: number, end: number): Key;
  readValue(source: Buffer): Value;
}

/** A sorted map from bytes to bytes, in the order of `Buffer.compare`. */
export interface Table<Key, Value> {
  get(key: Uint8Array): Value | undefined;
  /** Sets a key; inside a transaction only. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** Takes a key out, if it is there; inside a transaction only. */
  remove(key: Uint8Array): void;
  /** Visits the keys from `start` up to, not including, `end`, in order, until `visit` returns false. */
  scan(start: Uint8Array, end: Uint8Array, visit: (key: Key, value: Value) => boolean): void;
  /**
   * The keys from `start` up to, not including, `end`, in order, each looked up when it is asked for. They have to
   * be taken within one turn of the event loop; whoever does not take them all calls `return`.
   */
  keys(start: Uint8Array, end: Uint8Array): Generator<Key, void>;
}

/** Loads lmdb. NATIVE_MODULE_MISSING if it, or the part of it that is made for this machine, is not there. */
export async function loadLmdb(load: () => Promise<LmdbModule> = () => import('lmdb')): Promise<LmdbModule> {
  try {
    return await load();
  } catch (cause) {
    const machine = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
    throw new CodedError(
      'NATIVE_MODULE_MISSING',
      `The package lmdb, or its native part for ${machine}, cannot be loaded: run "npm ci" on this machine, without leaving out optional packages`,
      { cause },
    );
  }
}

/** Whether an error says that the file itself cannot be read. */
export function isDamage(error: unknown): boolean {
  const cause = error instanceof CodedError ? error.cause : error;
  return cause instanceof Error && DAMAGE_CODES.has((cause as { code?: unknown }).code as number);
}

/**
 * An error of lmdb, which is known by its numeric code, as ours; any other error as it is.
 *
 * A disk that fills up in the middle of a write is an input/output error to LMDB, so the general message
 * speaks of it too.
 */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || typeof (error as { code?: unknown }).code !== 'number') return error;
  if ((error as { code?: unknown }).code === NO_SPACE_CODE) {
    return new CodedError('STORAGE_FULL', 'The disk of the index is full: free some space', { cause: error });
  }
  return new CodedError(
    'INTERNAL_ERROR',
    'The index cannot be written or read: see whether its disk is full or failing; if it is neither, stop the service, delete the folder of the index and start again, and it is rebuilt',
    { cause: error },
  );
}

function translating<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translated(error);
  }
}

/** Copies a key into lmdb's own buffer and says where it ends. */
function writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
  target.set(key, start);
  return start + key.length;
}

/**
 * An open environment: a folder with a data file and a lock file, for the threads of one process.
 *
 * No second process may open it, not even to read: LMDB writes to its lock file when it opens, and a writer that
 * commits at that moment goes on from an old state.
 */
export class LmdbEnvironment {
  #failure: unknown;

  private constructor(private readonly root: RootDatabase<Buffer, Buffer>) {}

  /** Opens the environment in a folder that exists and whose data file was found sound (data-file.ts). */
  static async open(directory: string): Promise<LmdbEnvironment> {
    const { open } = await loadLmdb();
    const root = translating(() => open<Buffer, Buffer>(directory, ENVIRONMENT_OPTIONS));
    return new LmdbEnvironment(root);
  }

  /** The table of a name; made if it is missing. */
  table<Key, Value>(format: TableFormat<Key, Value>): Table<Key, Value> {
    const database: Database<Value | Uint8Array, Uint8Array> = translating(() =>
      this.root.openDB(format.name, {
        cache: false,
        useVersions: false,
        dupSort: false,
        encoding: 'binary',
        encoder: { encode: (value: Uint8Array) => value, decode: format.readValue },
        keyEncoder: { writeKey, readKey: format.readKey },
      } as object),
    );
    return {
      get: (key) => translating(() => database.get(key) as Value | undefined),
      put: (key, value) => {
        database.put(key, value);
      },
      remove: (key) => {
        database.remove(key);
      },
      keys: function* (start, end) {
        try {
          for (const key of database.getKeys({ start, end })) yield key as Key;
        } catch (error) {
          throw translated(error);
        }
      },
      scan: (start, end, visit) =>
        translating(() => {
          for (const { key, value } of database.getRange({ start, end })) {
            if (!visit(key as Key, value as Value)) return;
          }
        }),
    };
  }

  /**
   * Runs `action` and commits what it put, or nothing if it throws.
   *
   * After a commit that failed the environment takes no more: lmdb goes on as if nothing had happened and
   * ends the process with a signal. Close it and open it again.
   */
  transaction(action: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.root.transactionSync(action);
    } catch (error) {
      const ours = translated(error);
      if (ours !== error) this.#failure = ours;
      throw ours;
    }
  }

  /** Makes the next read see the newest commit, of any thread. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}
