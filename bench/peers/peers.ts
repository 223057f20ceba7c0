/** The peers: how each keeps events, and what has to be said about it beside its figures. */
import type { Durability } from '../harness/result.js';
import type { PeerLog } from './peer-log.js';

export interface Peer {
  /** For the command line of its server. */
  id: string;
  /** As the report calls it. */
  name: string;
  durability: Durability;
  /** How it is set up, in a sentence. */
  setUp: string;
  /** What it needs that may not be installed. */
  package?: string;
  open(directory: string): Promise<PeerLog>;
}

/** Appends that one journal takes; more than any run makes. */
const JOURNAL_EVENTS_MAX = 10_000_000;
const JOURNAL_BYTES_MAX = 2 ** 31;

async function journal(directory: string): Promise<PeerLog> {
  const { FileLog } = await import('../../src/log/file-log.js');
  const { nodeDisk } = await import('../../src/ops/disk.js');
  return FileLog.open({
    disk: nodeDisk,
    directory,
    durability: 'fsync',
    roll: { events: JOURNAL_EVENTS_MAX, bytes: JOURNAL_BYTES_MAX, ageMs: Number.POSITIVE_INFINITY },
    firstSequence: 1,
    indexedVersion: () => 0,
  });
}

/** Our own journal first: what the others are compared with. Their packages are loaded when they are opened. */
export const PEERS: readonly Peer[] = [
  {
    id: 'journal',
    name: 'our journal alone',
    durability: 'fsync',
    setUp: 'one O_DSYNC write for all that wait; it has no index, which the service keeps in another thread',
    open: journal,
  },
  {
    id: 'memory',
    name: 'in memory',
    durability: 'memory',
    setUp: 'an array; nothing is written',
    open: async () => new (await import('../../src/log/memory-log.js')).MemoryLog(),
  },
  {
    id: 'sqlite',
    name: 'SQLite',
    durability: 'fsync',
    setUp: 'journal_mode=WAL, synchronous=FULL, a prepared insert, a transaction for each append',
    package: '@photostructure/sqlite',
    open: async (directory) => (await import('./sqlite-log.js')).sqliteLog(directory, { grouped: false }),
  },
  {
    id: 'sqlite-grouped',
    name: 'SQLite, grouped',
    durability: 'fsync',
    setUp: 'the same, with one transaction for all that came within one turn of the event loop',
    package: '@photostructure/sqlite',
    open: async (directory) => (await import('./sqlite-log.js')).sqliteLog(directory, { grouped: true }),
  },
  {
    id: 'sqlite-thread',
    name: 'SQLite, grouped in a thread',
    durability: 'fsync',
    setUp: 'the same in a worker thread, with one transaction for all that came during the one before',
    package: '@photostructure/sqlite',
    open: async (directory) => (await import('./sqlite-thread-log.js')).sqliteThreadLog(directory),
  },
  {
    id: 'lmdb',
    name: 'LMDB',
    durability: 'fsync',
    setUp: 'batched asynchronous writes, overlapping sync, answered after `flushed`',
    open: async (directory) => (await import('./lmdb-log.js')).lmdbLog(directory),
  },
  {
    id: 'event-storage',
    name: 'event-storage',
    durability: 'fsync',
    setUp: 'syncOnFlush, a file for each stream, an fsync for each commit',
    package: 'event-storage',
    open: async (directory) =>
      (await import('./event-storage-log.js')).eventStorageLog(directory, { grouped: false }),
  },
  {
    id: 'event-storage-grouped',
    name: 'event-storage, grouped',
    durability: 'fsync',
    setUp: 'syncOnFlush, one file, one fsync for all that came within one turn of the event loop',
    package: 'event-storage',
    open: async (directory) =>
      (await import('./event-storage-log.js')).eventStorageLog(directory, { grouped: true }),
  },
];

/** The service as it is started with no settings. */
export const SERVICE: Omit<Peer, 'open'> = {
  id: 'service',
  name: 'our service',
  durability: 'fsync',
  setUp: 'all of it, with its index, its HDF5 files and its checks',
};

/** Whether the package of a peer is here and works on this machine. */
export async function canBeLoaded({ package: name }: Pick<Peer, 'package'>): Promise<boolean> {
  if (name === undefined) return true;
  return import(name).then(
    () => true,
    () => false,
  );
}

/** The peer of an id. */
export function peerOf(id: string): Peer {
  const peer = PEERS.find((candidate) => candidate.id === id);
  if (peer === undefined) throw new Error(`there is no peer ${id}`);
  return peer;
}
