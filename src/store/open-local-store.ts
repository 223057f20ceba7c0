/**
 * Opens the event store of a data directory: takes its lock, recovers the log, brings the index up to it, and
 * starts the threads that follow it.
 *
 *   LOCK        held by the owner
 *   journal/    the log's newest events, one file a segment
 *   segments/   HDF5: one live file that follows the newest journal, the sealed files, and manifest.json
 *   index/      LMDB; deleted and rebuilt at will
 *   audit/      who accessed what
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { AUDIT_DIRECTORY } from '../audit/trail-format.js';
import { type MonotonicClock, monotonicClock } from '../domain/clock.js';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { LinkView } from '../domain/stored-event.js';
import { uuidV7Generator } from '../domain/uuid.js';
import { Feed } from '../feed/feed.js';
import { ConsultationIndex } from '../index/consultation-index.js';
import type { IndexStorage } from '../index/index-tables.js';
import { FileLog, type RollLimits } from '../log/file-log.js';
import { journalFirstSequence } from '../log/journal-format.js';
import { lockDataDir } from '../ops/data-dir-lock.js';
import type { Disk } from '../ops/disk.js';
import { diskFailure } from '../ops/disk-failure.js';
import type { Load } from '../ops/load.js';
import { type Machine, nodeMachine } from '../ops/machine.js';
import type { StageTimers } from '../ops/stage-timers.js';
import { lockRepacking, removeRepackLeftovers } from '../segments/repacking.js';
import { SegmentArchive } from '../segments/segment-archive.js';
import { isLiveFileName } from '../segments/segment-layout.js';
import { EventFinder } from './event-finder.js';
import type { Durability, EventStore, StoreHealth } from './event-store.js';
import { feedSource } from './feed-history.js';
import { FollowerThread } from './followers/follower-thread.js';
import type { IndexWorkerData } from './followers/index-follower.js';
import { startMirrorThread } from './live-mirror.js';
import { LocalEventStore } from './local-event-store.js';
import { LogFollowers } from './log-followers.js';
import { openNotedTrail } from './noted-trail.js';
import { RecentEvents } from './recent-events.js';
import type { EventToRestore, Restored } from './restore-events.js';
import { StateReader } from './state-reader.js';

export interface LocalStoreOptions {
  dataDir: string;
  durability: Durability;
  /** Codec of sealed segments, as in FI_CODEC. */
  codec: string;
  roll: RollLimits;
  /** How long an Idempotency-Key is known, as FI_IDEMPOTENCY_HOURS; its default if not given. */
  keysKeptMs?: number;
  /** A committed event is in the live HDF5 file within this. */
  mirrorMs: number;
  logger: Logger;
  timers: StageTimers;
  /** The store can keep its promises no longer: the process must stop. */
  onFailed: (error: Error) => void;
  /** What else a start has to do: done while the threads of the store load their code. */
  meanwhile?: (() => Promise<void>) | undefined;
  /** The machine of this process by default. */
  machine?: Machine;
  /** LMDB by default. The thread that writes the index has to know the same. */
  indexStorage?: IndexStorage;
}

/** The store and what is measured of it. */
export interface LocalStore extends EventStore {
  load(): Load;
  /** Brings exported events back as they were (restore-events.ts). */
  restore(events: readonly EventToRestore[], restored: Restored): Promise<void>;
  /** Events made durable since it was opened. */
  appendedEvents(): number;
  /** Resolves once everything durable is in the live HDF5 file, and full segments are sealed. */
  archived(): Promise<void>;
}

/** Opens a data directory, which is created if need be. Throws the CodedErrors that stop a start. */
export async function openLocalStore(options: LocalStoreOptions): Promise<LocalStore> {
  const opened: Closable[] = [];
  try {
    return await assemble(options, opened);
  } catch (error) {
    // Each part is let go of, whatever the others do; the error of the start is the one that counts.
    for (const part of opened.reverse()) await part.close().catch(() => undefined);
    throw diskFailure(error);
  }
}

interface Closable {
  close(): Promise<void>;
}

/** `opened` gets every part as it is opened, so that a start that fails lets go of them. */
async function assemble(options: LocalStoreOptions, opened: Closable[]): Promise<LocalStore> {
  const { dataDir, durability, codec, mirrorMs, logger, onFailed, machine = nodeMachine } = options;
  const { keysKeptMs = limits.idempotencyHoursDefault * 3_600_000 } = options;
  const { disk } = machine;
  const opening = <T extends Closable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const segmentsDirectory = join(dataDir, 'segments');
  const lock = opening(await lockDataDir(dataDir, disk));
  await disk.makeDirectory(segmentsDirectory);
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    onFailed(error);
  };
  const auditDirectory = join(dataDir, AUDIT_DIRECTORY);
  const trail = opening(await openNotedTrail({ directory: auditDirectory, machine, logger, onFailed: fail }));
  const mirrorThread = opening(startMirrorThread({ directory: segmentsDirectory, codec, mirrorMs, machine }));
  const archive = opening(await SegmentArchive.open({ disk, directory: segmentsDirectory, machine }));
  const indexThread = opening(startIndexThread(options, machine, archive, keysKeptMs));
  await Promise.all([indexThread.ready(), options.meanwhile?.()]);
  const index = opening(await openIndex(join(dataDir, 'index'), options.indexStorage));

  const clock = monotonicClock(machine.now);
  const log = opening(await openLog(options, machine, archive, index, clock));
  await tidyAfterRepack(disk, segmentsDirectory, options.logger);
  await log.release(archive.lastSequence);
  await removeLiveFiles(disk, segmentsDirectory);

  const finder = new EventFinder(log, index, archive, new RecentEvents());
  await mirrorThread.ready();
  const followers = opening(
    new LogFollowers({
      log,
      archive,
      index: indexThread,
      mirror: mirrorThread,
      segmentsDirectory,
      codec,
      mirrorMs,
      logger,
      machine,
    }),
  );
  indexThread.on('applied', (sequence) => {
    finder.indexed(sequence);
    log.indexed(sequence);
  });
  indexThread.on('failed', fail);
  if (indexThread.failure !== undefined) throw indexThread.failure;
  log.subscribe(followers);
  log.subscribe({ failed: fail });
  const feed = new Feed(feedSource(log, finder));
  log.subscribe({ committed: () => feed.committed() });
  await followers.catchUp();

  const stopRolling = machine.timers.every(limits.rollCheckMs, () => {
    void log.rollIfFull();
    if (log.isStorageFull) void lookForRoom(disk, dataDir, log).catch(() => undefined);
  });
  const firstHead = log.headSequence;
  const store = new LocalEventStore({
    durability,
    log,
    finder,
    feed,
    trail: trail.trail,
    states: new StateReader({
      finder,
      index,
      keepSnapshot: (consultationId, value) => indexThread.keepSnapshot(consultationId, value),
    }),
    clock,
    nextId: uuidV7Generator(machine.randomBytes(10)),
    timers: options.timers,
    keysKeptMs,
    indexCaughtUp: (withinMs) => followers.indexCaughtUp(withinMs),
    indexWithin: (events) => followers.indexWithin(events),
    health: () => healthOf(log, followers, failure),
    async close() {
      stopRolling();
      feed.close();
      await trail.close();
      await log.close();
      await followers.close();
      await index.close();
      await archive.close();
      await lock.close();
    },
  });
  return Object.assign(store, {
    load: (): Load => ({
      events: log.waitingEvents,
      bytes: log.waitingBytes,
      ageMs: log.waitingMs,
      unindexed: finder.recent.size,
      unindexedMax: limits.unindexedEventsMax,
    }),
    appendedEvents: () => log.headSequence - firstHead,
    archived: () => followers.archived(),
  });
}

function startIndexThread(
  { dataDir, logger }: LocalStoreOptions,
  machine: Machine,
  archive: SegmentArchive,
  keysKeptMs: number,
): FollowerThread {
  const keysKept = { keptMs: keysKeptMs, sinceMs: machine.now() - keysKeptMs };
  const thread = new FollowerThread({
    entry: new URL('./followers/index-worker.js', import.meta.url),
    workerData: {
      directory: join(dataDir, 'index'),
      sealed: archive.segments,
      segmentsDirectory: join(dataDir, 'segments'),
      keysKept,
    } satisfies IndexWorkerData,
    delayMs: limits.indexDelayMs,
    machine,
  });
  thread.on('rebuilding', (sequence) => logger.info({ sequence }, 'indexing sealed segments again'));
  thread.on('late', (reason) => logger.error({ reason }, 'the index cannot be written; tried again shortly'));
  thread.on('discarded', (reason) => logger.warn({ reason }, 'the index is thrown away and made again'));
  return thread;
}

async function openIndex(directory: string, storage?: IndexStorage): Promise<ConsultationIndex> {
  const opened = await ConsultationIndex.open(directory, storage);
  if (opened.kind === 'open') return opened.index;
  throw new CodedError('INTERNAL_ERROR', `The index cannot be opened: ${opened.reason}.`);
}

/** Opens the log behind the archive. The clock is set to go on from the newest event. */
async function openLog(
  { dataDir, durability, roll, logger }: LocalStoreOptions,
  { disk, timers }: Machine,
  archive: SegmentArchive,
  index: ConsultationIndex,
  clock: MonotonicClock,
): Promise<FileLog> {
  const directory = join(dataDir, 'journal');
  await checkJournalsJoin(disk, directory, archive.lastSequence);
  const log = await FileLog.open({
    disk,
    timers,
    directory,
    durability,
    roll,
    firstSequence: archive.lastSequence + 1,
    // The index only ever holds what was written to the log: where it knows more, the log has lost it.
    durableThrough: Math.max(archive.lastSequence, index.appliedSequence()),
    indexedVersion: (consultationId) => index.head(consultationId)?.version ?? 0,
    now: clock,
    onRecovered: ({ links }) => {
      const last = links.at(-1);
      // A millisecond later, so that ids that are made from now on sort behind those made before the stop.
      if (last !== undefined) clock.notBefore(new LinkView(last).timestampMs + 1);
    },
  });
  clock.notBefore(log.createdMs + 1);
  if (log.tornBytes > 0)
    logger.warn({ bytes: log.tornBytes }, 'cut a torn tail, of which nobody had been told');
  return log;
}

/** By their names, before any is opened: a start that is refused leaves them as they are. */
async function checkJournalsJoin(disk: Disk, directory: string, sealedThrough: number): Promise<void> {
  const names = await disk.list(directory);
  const firstSequences = names.flatMap((name) => journalFirstSequence(name) ?? []);
  const [oldest] = firstSequences;
  const newest = firstSequences.at(-1);
  if (oldest === undefined || newest === undefined) return;
  if (newest <= sealedThrough) {
    throw new CodedError(
      'LOG_DAMAGED',
      `The newest journal begins with event ${newest}, which is sealed already, as all up to ${sealedThrough} are: a newer journal is missing. If this is a copy that was taken while a service wrote, take it again as docs/operating.md, "Backup", says; otherwise restore the data directory from a backup.`,
    );
  }
  if (oldest > sealedThrough + 1) {
    throw new CodedError(
      'LOG_DAMAGED',
      `The sealed segments end with event ${sealedThrough}, but the journal begins with ${oldest}: a file is missing. Restore the data directory from a backup.`,
    );
  }
}

/** Removes what an interrupted repack left, unless one runs now. */
async function tidyAfterRepack(disk: Disk, directory: string, logger: Logger): Promise<void> {
  const lock = await lockRepacking(disk, directory);
  if (lock === undefined) return;
  try {
    const files = await removeRepackLeftovers(disk, directory);
    if (files.length > 0) logger.info({ files }, 'removed what an interrupted repack left');
  } finally {
    await lock.close();
  }
}

/** Live files are made anew from the journal at each start. */
async function removeLiveFiles(disk: Disk, directory: string): Promise<void> {
  const names = await disk.list(directory);
  for (const name of names.filter(isLiveFileName)) await disk.remove(join(directory, name));
}

/** Nobody may append to a store that says it is not ready, so it has to find out by itself when it is again. */
async function lookForRoom(disk: Disk, dataDir: string, log: FileLog): Promise<void> {
  if ((await disk.freeBytes(dataDir)) >= limits.roomBytesMin) log.isStorageFull = false;
}

const NO_ROOM = 'The disk is full: appends are refused and reads go on. Free space.';

function healthOf(log: FileLog, followers: LogFollowers, failure: Error | undefined): StoreHealth {
  const reason = failure?.message ?? (log.isStorageFull ? NO_ROOM : undefined);
  return {
    ready: reason === undefined,
    ...(reason !== undefined && { reason }),
    headSequence: log.headSequence,
    details: {
      indexed_sequence: followers.indexedSequence,
      mirrored_sequence: followers.mirroredSequence,
      is_mirroring: followers.isMirroring,
      unsealed_journals: log.fullJournals.length,
    },
  };
}
