/**
 * All that follows the log: the index, the live HDF5 file, and the sealing of full journals once both have read
 * them.
 */
import type { Logger } from 'pino';
import type { FileLog, JournalSpan, LogListener } from '../log/file-log.js';
import type { Machine } from '../ops/machine.js';
import type { SegmentArchive } from '../segments/segment-archive.js';
import type { FollowerThread } from './followers/follower-thread.js';
import { LiveMirror } from './live-mirror.js';
import { SegmentSealer } from './segment-sealer.js';

export interface LogFollowersOptions {
  log: FileLog;
  archive: SegmentArchive;
  /** The index's thread, ready. */
  index: FollowerThread;
  /** The live file's thread, ready. */
  mirror: FollowerThread;
  segmentsDirectory: string;
  codec: string;
  mirrorMs: number;
  logger: Logger;
  machine: Machine;
}

export class LogFollowers implements LogListener {
  private readonly mirror: LiveMirror;
  private readonly sealer: SegmentSealer;
  /** Full journals by their first sequence, with how many still have to read them. */
  private readonly readers = new Map<number, number>();

  constructor(private readonly options: LogFollowersOptions) {
    const { log, archive, index, mirror, segmentsDirectory: directory, codec } = options;
    const { mirrorMs, logger, machine } = options;
    this.sealer = new SegmentSealer({ log, archive, codec, directory, logger, machine });
    this.mirror = new LiveMirror({
      thread: mirror,
      directory,
      codec,
      mirrorMs,
      logger,
      machine,
      onFinished: (journal) => this.finished(journal),
    });
    index.on('finished', (journal) => this.finished(journal));
  }

  get indexedSequence(): number {
    return this.options.index.appliedSequence;
  }

  get mirroredSequence(): number {
    return this.mirror.appliedSequence;
  }

  get isMirroring(): boolean {
    return this.mirror.isRunning;
  }

  /** Gives the followers what the log recovered; resolves once the index has it. */
  async catchUp(): Promise<void> {
    const { log, index } = this.options;
    for (const journal of log.fullJournals) this.rolled(journal);
    this.committed(log.tail);
    await index.applied(log.headSequence);
  }

  /** The newest journal is durable up to here. */
  committed(tail: JournalSpan): void {
    this.options.index.follow(tail);
    this.mirror.follow(tail);
  }

  /** A journal is full. */
  rolled(journal: JournalSpan): void {
    this.readers.set(journal.firstSequence, 2);
    this.options.index.finish(journal);
    this.mirror.finish(journal);
  }

  private finished(journal: JournalSpan): void {
    const left = (this.readers.get(journal.firstSequence) ?? 1) - 1;
    if (left > 0) {
      this.readers.set(journal.firstSequence, left);
      return;
    }
    this.readers.delete(journal.firstSequence);
    this.sealer.add(journal);
  }

  /** Resolves once the index has everything that is durable now; OVERLOADED if it takes longer than `withinMs`. */
  indexCaughtUp(withinMs?: number): Promise<void> {
    return this.options.index.applied(this.options.log.headSequence, withinMs);
  }

  /** Resolves once no more than this many of the events that are durable now are missing in the index. */
  indexWithin(events: number): Promise<void> {
    return this.options.index.applied(this.options.log.headSequence - events);
  }

  /** Resolves once everything durable is in HDF5, and full journals are sealed or wait to be tried again. */
  async archived(): Promise<void> {
    await this.mirror.applied(this.options.log.headSequence);
    await this.indexCaughtUp();
    await this.sealer.idle();
  }

  /** Takes in the rest and ends the threads. The log must be closed before, so that nothing more comes. */
  async close(): Promise<void> {
    await this.sealer.close();
    await Promise.all([this.options.index.close(), this.mirror.close()]);
  }
}
