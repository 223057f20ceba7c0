/**
 * The embedded commit log: a journal on the local disk, with group commit.
 *
 * While one block is being written and synced, everything that arrives waits for the next one, so that one
 * `fdatasync` serves all who wait. When a journal is full a new one is begun; the full one stays until
 * `release` says that its events are safe elsewhere.
 */
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { SequencedLink } from '../domain/stored-event.js';
import type { Disk } from '../ops/disk.js';
import { diskFailure, isNoSpace } from '../ops/disk-failure.js';
import { type CancelTimer, nodeTimers, type Timers } from '../ops/machine.js';
import type { CommitLog, LogAppend } from './commit-log.js';
import { CommitQueue, type WaitingAppend } from './commit-queue.js';
import { ExpectedVersions, type IndexedVersion } from './expected-versions.js';
import { Journal } from './journal.js';
import { journalFirstSequence } from './journal-format.js';
import type { Block } from './journal-scanner.js';

/** When a journal is full: at the first of these. */
export interface RollLimits {
  events: number;
  bytes: number;
  ageMs: number;
}

export interface FileLogOptions {
  disk: Disk;
  directory: string;
  /** Wait for stable storage (`fsync`), or only for the write (`os`). */
  durability: 'fsync' | 'os';
  roll: RollLimits;
  /** Where the sequences of an empty log begin. */
  firstSequence: number;
  /** Events up to this sequence are known to have been durable: without them the log is damaged. */
  durableThrough?: number;
  indexedVersion: IndexedVersion;
  now?: () => number;
  timers?: Timers;
  /** Given every block found at the start, in order. */
  onRecovered?: (block: Block) => void;
}

/** Whoever follows the log in this process. */
export interface LogListener {
  /** The newest journal is durable up to here; told before those who wait for it are. */
  committed?(tail: JournalSpan): void;
  /** A full journal was followed by a new one. */
  rolled?(full: JournalSpan): void;
  /** The log can no longer promise anything: the process must stop and recover. */
  failed?(error: CodedError): void;
}

/** The durable part of a journal, from its start to `endOffset`; for those who follow the log. */
export interface JournalSpan {
  path: string;
  firstSequence: number;
  lastSequence: number;
  endOffset: number;
}

export class FileLog implements CommitLog {
  private readonly queue = new CommitQueue();
  private readonly versions: ExpectedVersions;
  private readonly listeners: LogListener[] = [];
  private nextSequence: number;
  private working: Promise<void> | undefined;
  /** When the oldest append of the block that is being written was accepted. */
  private writingSinceMs: number | undefined;
  private readonly timers: Timers;
  private cancelConfirm: CancelTimer | undefined;
  private closing = false;
  private closed: Promise<void> | undefined;
  failure: CodedError | undefined;
  /** The last block found no room on the disk. */
  isStorageFull = false;

  private constructor(
    private readonly options: FileLogOptions,
    private readonly full: Journal[],
    private current: Journal,
    /** Bytes of a torn tail that were cut at the start. */
    readonly tornBytes: number,
  ) {
    this.versions = new ExpectedVersions(options.indexedVersion);
    this.timers = options.timers ?? nodeTimers;
    this.nextSequence = current.nextSequence;
  }

  /** Opens the log and recovers it. Throws LOG_DAMAGED or UNSUPPORTED_FORMAT; then nothing was changed. */
  static async open(options: FileLogOptions): Promise<FileLog> {
    const { disk, directory } = options;
    const durable = options.durability === 'fsync';
    await disk.makeDirectory(directory);
    const names = (await disk.list(directory)).filter((name) => journalFirstSequence(name) !== undefined);
    if (names.length === 0 && (options.durableThrough ?? 0) > 0) {
      throw new CodedError(
        'LOG_DAMAGED',
        'There is no journal, but there were events: the newest are missing. Restore the data directory from a backup.',
      );
    }
    const journals: Journal[] = [];
    try {
      const tornBytes = await openJournals(options, names, journals);
      await disk.syncDirectory(directory);
      const now = (options.now ?? Date.now)();
      const current =
        journals.pop() ?? (await Journal.create(disk, directory, options.firstSequence, now, durable));
      return new FileLog(options, journals, current, tornBytes);
    } catch (error) {
      for (const journal of journals) await journal.close();
      throw error;
    }
  }

  get headSequence(): number {
    return this.current.nextSequence - 1;
  }

  get firstSequence(): number {
    return (this.full[0] ?? this.current).firstSequence;
  }

  /** When the newest journal was begun, in milliseconds since 1970: no earlier than any event before it. */
  get createdMs(): number {
    return this.current.createdMs;
  }

  /** Events accepted but not durable yet. */
  get waitingEvents(): number {
    return this.nextSequence - this.current.nextSequence;
  }

  /** Bytes of the links that wait for the next block. */
  get waitingBytes(): number {
    return this.queue.byteCount;
  }

  /** How long the oldest event that is not durable yet has waited, in milliseconds; 0 if there is none. */
  get waitingMs(): number {
    const sinceMs = this.writingSinceMs ?? this.queue.oldestMs;
    return sinceMs === undefined ? 0 : performance.now() - sinceMs;
  }

  /** The newest journal's durable part. */
  get tail(): JournalSpan {
    return spanOf(this.current);
  }

  /** The full journals that were not released yet, oldest first. */
  get fullJournals(): JournalSpan[] {
    return this.full.map(spanOf);
  }

  subscribe(listener: LogListener): void {
    this.listeners.push(listener);
  }

  append(append: LogAppend): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) throw this.failure;
      if (this.closing) throw new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again shortly.');
      const { consultationId, expectedVersion, links } = append;
      const linkBytes = links.reduce((sum, link) => sum + link.length, 0);
      assert(links.length > 0 && linkBytes < limits.blockBytesMax, 'an append fits a block');
      this.queue.checkRoom(links.length, linkBytes);
      this.versions.check(consultationId, expectedVersion);
      const firstSequence = this.nextSequence;
      this.nextSequence += links.length;
      this.versions.set(consultationId, expectedVersion + links.length, this.nextSequence - 1);
      this.queue.push({ append, firstSequence, linkBytes, acceptedMs: performance.now(), resolve, reject });
      // Waiting for the end of this turn of the event loop lets all requests that came with it share the block.
      if (this.working === undefined)
        this.start(() => this.timers.endOfTurn().then(() => this.commitWaiting()));
    });
  }

  /** Runs the one task that may touch the journal, and then whatever has come to wait meanwhile. */
  private start(task: () => Promise<void>): void {
    this.cancelConfirm?.();
    this.working = task().finally(() => {
      this.working = undefined;
      if (this.queue.eventCount > 0) this.start(() => this.commitWaiting());
      else if (!this.closing && this.failure === undefined) this.confirmWhenIdle();
    });
  }

  /** Writes blocks until nothing waits. */
  private async commitWaiting(): Promise<void> {
    while (this.queue.eventCount > 0) {
      if (this.isFull()) await this.roll();
      if (this.queue.eventCount > 0) await this.commitBlock();
    }
  }

  private async commitBlock(): Promise<void> {
    this.writingSinceMs = this.queue.oldestMs;
    const block = this.queue.takeBlock();
    const links = block.flatMap(({ append }) => append.links);
    const linkBytes = block.reduce((sum, item) => sum + item.linkBytes, 0);
    try {
      await this.current.appendBlock(links, linkBytes);
    } catch (error) {
      await this.refuse(block, error);
      return;
    } finally {
      this.writingSinceMs = undefined;
    }
    this.isStorageFull = false;
    for (const listener of this.listeners) listener.committed?.(this.tail);
    for (const item of block) item.resolve(item.firstSequence);
  }

  /** After a write failed: nothing that waits can be stored, since its chain builds on what failed. */
  private async refuse(block: WaitingAppend[], cause: unknown): Promise<void> {
    let error = this.failureOf(cause);
    if (error.code === 'STORAGE_FULL') {
      try {
        await this.current.cutBack();
      } catch (second) {
        error = this.failureOf(new AggregateError([cause, second]));
      }
    }
    this.isStorageFull = error.code === 'STORAGE_FULL';
    const refused = [...block, ...this.queue.takeAll()];
    this.nextSequence = this.current.nextSequence;
    for (const { append } of refused.toReversed()) {
      this.versions.set(append.consultationId, append.expectedVersion, this.headSequence);
    }
    if (error.code === 'LOG_UNAVAILABLE') {
      this.failure = error;
      for (const listener of this.listeners) listener.failed?.(error);
    }
    for (const item of refused) item.reject(error);
  }

  private failureOf(cause: unknown): CodedError {
    if (isNoSpace(cause)) {
      const message = 'The disk is full: nothing was stored. Free space, then try again.';
      return new CodedError('STORAGE_FULL', message, { cause });
    }
    return new CodedError(
      'LOG_UNAVAILABLE',
      'The log could not be written to stable storage. The service stops; a restart recovers what is durable.',
      { cause },
    );
  }

  private isFull(): boolean {
    const { events, bytes, ageMs } = this.options.roll;
    const { eventCount, endOffset, createdMs } = this.current;
    if (eventCount === 0 || this.current.isOfOldFormat) return eventCount > 0;
    return (
      eventCount >= events || endOffset >= bytes || (this.options.now ?? Date.now)() - createdMs >= ageMs
    );
  }

  private async roll(): Promise<void> {
    const { disk, directory, durability } = this.options;
    try {
      await this.current.cutRoom();
      const now = (this.options.now ?? Date.now)();
      const first = this.current.nextSequence;
      const next = await Journal.create(disk, directory, first, now, durability === 'fsync');
      this.full.push(this.current);
      this.current = next;
    } catch (error) {
      // A journal that is somewhat too long is harmless: stay with it, and try again before the next block.
      const isHarmless = this.current.endOffset < limits.journalBytesMax;
      if (!isHarmless || !isNoSpace(error)) await this.refuse([], error);
      return;
    }
    const full = spanOf(this.full.at(-1) as Journal);
    for (const listener of this.listeners) listener.rolled?.(full);
  }

  /** Begins a new journal now if the current one is old enough. For a timer, when nothing is appended. */
  async rollIfFull(): Promise<void> {
    await this.working;
    if (this.working !== undefined || this.failure !== undefined) return;
    if (this.closing || !this.isFull()) return;
    this.start(() => this.roll());
    await this.working;
  }

  private confirmWhenIdle(): void {
    if (this.current.isConfirmed) return;
    this.cancelConfirm = this.timers.after(limits.confirmDelayMs, () => {
      if (this.working === undefined) this.start(() => this.confirm());
    });
  }

  private async confirm(): Promise<void> {
    try {
      await this.current.confirm();
    } catch (error) {
      await this.refuse([], error);
    }
  }

  async read(sequences: readonly number[]): Promise<SequencedLink[]> {
    const journals = [...this.full, this.current];
    const parts = journals.map((journal) => {
      const here = sequences.filter((s) => s >= journal.firstSequence && s < journal.nextSequence);
      return here.length === 0 ? [] : journal.read(here);
    });
    const found = (await Promise.all(parts).catch(rethrowDiskFailure)).flat();
    assert(found.length === sequences.length, 'sequences are held by the log');
    return found;
  }

  async *scan(fromSequence: number): AsyncIterable<SequencedLink[]> {
    const head = this.headSequence;
    for (let from = Math.max(fromSequence, this.firstSequence); from <= head; ) {
      const count = Math.min(limits.batchEventsMax, head - from + 1);
      yield await this.read(Array.from({ length: count }, (_, index) => from + index));
      from += count;
    }
  }

  /** Drops what is known of consultations whose events up to a sequence are in the index. */
  indexed(sequence: number): void {
    this.versions.forget(sequence);
  }

  /** Deletes the full journals whose events, up to a sequence, are sealed. */
  async release(throughSequence: number): Promise<void> {
    const { disk, directory } = this.options;
    let removed = false;
    while (this.full[0] !== undefined && this.full[0].nextSequence - 1 <= throughSequence) {
      const [journal] = this.full;
      await disk.remove(journal.path);
      this.full.shift();
      await journal.close();
      removed = true;
    }
    if (removed) await disk.syncDirectory(directory);
  }

  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    this.closing = true;
    this.cancelConfirm?.();
    while (this.working !== undefined) await this.working;
    if (this.failure === undefined) await this.confirm();
    if (this.failure === undefined) await this.current.cutRoom().catch((error) => this.refuse([], error));
    await Promise.all([...this.full, this.current].map((journal) => journal.close()));
  }
}

/** Opens the journals of these names, in order, into `journals`; returns the bytes of a torn tail that was cut. */
async function openJournals(
  { disk, directory, durability, durableThrough = 0, onRecovered: visit }: FileLogOptions,
  names: readonly string[],
  journals: Journal[],
): Promise<number> {
  let tornBytes = 0;
  for (const [index, name] of names.entries()) {
    const before = journals.at(-1);
    if (before !== undefined && before.nextSequence !== journalFirstSequence(name)) {
      throw new CodedError(
        'LOG_DAMAGED',
        `${before.name} ends with event ${before.nextSequence - 1}, but the next journal is ${name}: a journal is missing or was cut. Restore the data directory from a backup.`,
      );
    }
    const opened = await Journal.open(disk, directory, name, {
      followedBy: journalFirstSequence(names[index + 1] ?? ''),
      durable: durability === 'fsync',
      durableThrough,
      ...(visit && { visit }),
    });
    tornBytes += opened.recovery.tornBytes;
    journals.push(opened.journal);
  }
  return tornBytes;
}

/** Of a read, which no client is at fault for. */
function rethrowDiskFailure(error: unknown): never {
  throw diskFailure(error);
}

function spanOf(journal: Journal): JournalSpan {
  return {
    path: journal.path,
    firstSequence: journal.firstSequence,
    lastSequence: journal.nextSequence - 1,
    endOffset: journal.endOffset,
  };
}
