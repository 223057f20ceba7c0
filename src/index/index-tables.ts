/**
 * Opens the tables of the index, and says when what is there has to be thrown away.
 *
 * An index that cannot be used is no error: it is disposable, and the caller deletes and rebuilds it.
 */
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { nodeDisk } from '../ops/disk.js';
import { checkDataFile } from './data-file.js';
import {
  APPLIED_KEY,
  EVENT_IDS_TABLE,
  EVENTS_TABLE,
  encodeNumber,
  FORMAT_KEY,
  HEADS_TABLE,
  INDEX_FORMAT,
  META_TABLE,
} from './index-layout.js';
import { KEY_TIMES_TABLE, KEYS_TABLE } from './key-layout.js';
import { LISTED_BY_TABLE, LISTED_TABLE } from './listing-layout.js';
import { isDamage, LmdbEnvironment, type Table, type TableFormat } from './lmdb.js';
import { SNAPSHOTS_TABLE } from './snapshot-layout.js';

type TableOf<Format> = Format extends TableFormat<infer Key, infer Value> ? Table<Key, Value> : never;

/** What holds the tables. */
export interface IndexEnvironment {
  /** Runs `action` and commits what it put, or nothing if it throws. */
  transaction(action: () => void): void;
  /** Makes the next read see the newest commit, of any thread. */
  refresh(): void;
  close(): Promise<void>;
}

export interface IndexTables {
  environment: IndexEnvironment;
  meta: TableOf<typeof META_TABLE>;
  heads: TableOf<typeof HEADS_TABLE>;
  events: TableOf<typeof EVENTS_TABLE>;
  eventIds: TableOf<typeof EVENT_IDS_TABLE>;
  snapshots: TableOf<typeof SNAPSHOTS_TABLE>;
  listed: TableOf<typeof LISTED_TABLE>;
  listedBy: TableOf<typeof LISTED_BY_TABLE>;
  keys: TableOf<typeof KEYS_TABLE>;
  keyTimes: TableOf<typeof KEY_TIMES_TABLE>;
}

/** An open index, or why what is in the folder cannot be used. `reason` ends a sentence on the index. */
export type OpenedIndex<Index> = { kind: 'open'; index: Index } | { kind: 'unusable'; reason: string };

/**
 * Opens the tables in `directory`, which is made if need be.
 *
 * Throws a CodedError: NATIVE_MODULE_MISSING, STORAGE_FULL, or INTERNAL_ERROR when the folder cannot be used.
 */
export async function openIndexTables(directory: string): Promise<OpenedIndex<IndexTables>> {
  const check = await checkDirectory(directory);
  if (typeof check === 'object') return { kind: 'unusable', reason: check.unusable };
  try {
    const environment = await LmdbEnvironment.open(directory);
    const opened = openTables(environment);
    if (opened.kind === 'unusable') await environment.close();
    return opened;
  } catch (error) {
    if (isDamage(error)) return { kind: 'unusable', reason: 'its file is damaged' };
    throw error;
  }
}

/** Where an index is kept. */
export interface IndexStorage {
  open(directory: string): Promise<OpenedIndex<IndexTables>>;
  delete(directory: string): Promise<void>;
}

/** Deletes the index, durably. All who have it open must have closed it. A missing one is no error. */
export async function deleteIndex(directory: string): Promise<void> {
  await fs.rm(directory, { recursive: true, force: true });
  await nodeDisk.syncDirectory(dirname(directory));
}

export const lmdbStorage: IndexStorage = { open: openIndexTables, delete: deleteIndex };

/** The sequence of the newest event in the tables; 0 when there is none. */
export function readAppliedSequence({ meta }: IndexTables): number {
  return meta.get(APPLIED_KEY) ?? 0;
}

/** LMDB does not survive all its own failures to open, so what can be tried before is tried here. */
async function checkDirectory(directory: string): ReturnType<typeof checkDataFile> {
  try {
    await fs.mkdir(directory, { recursive: true, mode: 0o750 });
    const check = await checkDataFile(join(directory, 'data.mdb'));
    await fs.access(directory, fs.constants.W_OK);
    await checkLockFile(join(directory, 'lock.mdb'));
    return check;
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new CodedError(
      'INTERNAL_ERROR',
      `The folder of the index cannot be used (${code}): look at its owner, its permissions and its disk`,
      { cause },
    );
  }
}

/**
 * The lock file is looked at and never opened: closing any descriptor of it would drop the locks that LMDB has on
 * it in this process (POSIX record locks), and the next process to open the index would take it for unused and
 * make its mutex and its table of readers anew, under a writer at work.
 */
async function checkLockFile(path: string): Promise<void> {
  await fs.access(path, fs.constants.R_OK | fs.constants.W_OK).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function openTables(environment: LmdbEnvironment): OpenedIndex<IndexTables> {
  const meta = environment.table(META_TABLE);
  const heads = environment.table(HEADS_TABLE);
  const events = environment.table(EVENTS_TABLE);
  const eventIds = environment.table(EVENT_IDS_TABLE);
  const snapshots = environment.table(SNAPSHOTS_TABLE);
  const listed = environment.table(LISTED_TABLE);
  const listedBy = environment.table(LISTED_BY_TABLE);
  const keys = environment.table(KEYS_TABLE);
  const keyTimes = environment.table(KEY_TIMES_TABLE);
  // Another thread may open the new index at the same moment, so both look and set in a transaction.
  const isNew = meta.get(FORMAT_KEY) === undefined;
  if (isNew) {
    environment.transaction(() => {
      if (meta.get(FORMAT_KEY) === undefined) meta.put(FORMAT_KEY, encodeNumber(INDEX_FORMAT));
    });
  }
  const format = meta.get(FORMAT_KEY);
  if (format !== INDEX_FORMAT) {
    return { kind: 'unusable', reason: `it has the format ${format}, not ${INDEX_FORMAT}` };
  }
  const index = { environment, meta, heads, events, eventIds, snapshots, listed, listedBy, keys, keyTimes };
  return { kind: 'open', index };
}
