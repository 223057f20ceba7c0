/**
 * Reads the events of a data directory without owning it, also while a service owns it and writes.
 *
 * Nothing is written and no lock is taken, so the files change meanwhile: journals grow, are sealed and deleted,
 * and a sealed segment may be rewritten under another name. The manifest is replaced as a whole, and a journal is
 * deleted only after the manifest lists its segment; so whoever lists the journals first and reads the manifest
 * after that finds every event in one of the two. Whatever then is gone when it is opened is looked for again.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { packLinks, type SequencedLinks, unpackLinks } from '../domain/packed-links.js';
import type { SequencedLink } from '../domain/stored-event.js';
import { WHAT_TO_DO } from '../log/journal-format.js';
import { type Disk, nodeDisk } from '../ops/disk.js';
import { readManifest } from '../segments/manifest.js';
import { ReadThread } from '../segments/read-thread.js';
import type { SealedSegment } from '../segments/segment-layout.js';
import { JournalReader, journalStarts } from './journal-reader.js';

/** A journal as it was when it was looked at: whole blocks only. */
export interface JournalFacts {
  file: string;
  firstSequence: number;
  eventCount: number;
  /** Without the room behind its blocks. */
  fileBytes: number;
}

/** Where an event is: sealed, in the journal that begins with `start`, or nowhere yet. */
type Place =
  | { kind: 'segment'; segment: SealedSegment }
  | { kind: 'journal'; start: number }
  | { kind: 'nowhere' };

export interface DirectoryReaderOptions {
  disk?: Disk;
}

/** Errors of all methods: LOG_DAMAGED, ARCHIVE_DAMAGED, UNSUPPORTED_FORMAT, CODEC_UNAVAILABLE. */
export class DirectoryReader {
  readonly segmentsDirectory: string;
  readonly journalDirectory: string;
  private readonly disk: Disk;
  private segments: readonly SealedSegment[] = [];
  private thread: ReadThread | undefined;

  constructor(dataDir: string, { disk = nodeDisk }: DirectoryReaderOptions = {}) {
    this.segmentsDirectory = join(dataDir, 'segments');
    this.journalDirectory = join(dataDir, 'journal');
    this.disk = disk;
  }

  /** Whether a store is there: a journal or a manifest. */
  async exists(): Promise<boolean> {
    const starts = await journalStarts(this.disk, this.journalDirectory);
    return starts.length > 0 || (await this.sealedSegments()).length > 0;
  }

  /** The sealed segments now, oldest first. */
  async sealedSegments(): Promise<readonly SealedSegment[]> {
    this.segments = await readManifest(this.disk, this.segmentsDirectory);
    return this.segments;
  }

  /** The journals now, oldest first. Reads all of them. */
  async journals(): Promise<JournalFacts[]> {
    const facts: JournalFacts[] = [];
    for (const firstSequence of await journalStarts(this.disk, this.journalDirectory)) {
      const reader = await this.openJournal(firstSequence);
      if (reader === undefined) continue;
      try {
        let eventCount = 0;
        for await (const batch of reader.readCommitted()) eventCount += batch.length;
        facts.push({ file: reader.name, firstSequence, eventCount, fileBytes: reader.endOffset });
      } finally {
        await reader.close();
      }
    }
    return facts;
  }

  /** The sequence of the newest committed event; 0 if there is none. Reads the newest journal. */
  async headSequence(): Promise<number> {
    const newest = (await journalStarts(this.disk, this.journalDirectory)).at(-1);
    const sealed = (await this.sealedSegments()).at(-1)?.lastSequence ?? 0;
    let head = sealed;
    for await (const batch of this.scan(Math.max(sealed + 1, newest ?? 1))) {
      head = batch.at(-1)?.sequence ?? head;
    }
    return head;
  }

  /** Every committed event from a sequence to the newest one when its journal is reached, in order, in batches. */
  async *scan(fromSequence: number): AsyncGenerator<SequencedLink[], void> {
    for await (const pack of this.scanPacked(fromSequence)) yield unpackLinks(pack);
  }

  /** The same, each batch in one piece; what is sealed comes with the hashes that its check needed. */
  async *scanPacked(fromSequence: number): AsyncGenerator<SequencedLinks, void> {
    let next = fromSequence;
    for (;;) {
      const place = await this.locate(next);
      if (place.kind === 'nowhere') return;
      if (place.kind === 'segment') {
        next = yield* this.scanSegment(place.segment, next);
        continue;
      }
      const reader = await this.openJournal(place.start);
      if (reader === undefined) continue;
      try {
        const isFull = yield* packed(this.from(next, reader.readCommitted()));
        next = Math.max(next, reader.nextSequence);
        if (!isFull) return;
        await this.checkFollowed(reader);
      } finally {
        await reader.close();
      }
    }
  }

  /** The same, and then what is committed later, until `signal` aborts. Only events that are proven durable. */
  async *follow(fromSequence: number, signal: AbortSignal): AsyncGenerator<SequencedLink[], void> {
    let next = fromSequence;
    while (!signal.aborted) {
      const place = await this.locate(next);
      if (place.kind === 'segment') {
        next = yield* unpacked(this.scanSegment(place.segment, next));
        continue;
      }
      const reader = place.kind === 'journal' ? await this.openJournal(place.start) : undefined;
      if (reader === undefined) {
        await pause(signal);
        continue;
      }
      try {
        while (!signal.aborted && !(yield* this.from(next, reader.readProven()))) await pause(signal);
        next = Math.max(next, reader.nextSequence);
        if (!signal.aborted) await this.checkFollowed(reader);
      } finally {
        await reader.close();
      }
    }
  }

  /** Ends the reading thread, if one was needed. */
  async close(): Promise<void> {
    await this.thread?.close();
  }

  private openJournal(firstSequence: number): Promise<JournalReader | undefined> {
    const { disk, journalDirectory: directory } = this;
    return JournalReader.open({ disk, directory, firstSequence });
  }

  /** What a journal gives, without the events before `next`. */
  private async *from<T>(next: number, batches: AsyncGenerator<SequencedLink[], T>) {
    for (;;) {
      const { value, done } = await batches.next();
      if (done) return value;
      const wanted = (value[0]?.sequence ?? next) >= next ? value : later(value, next);
      if (wanted.length > 0) yield wanted;
    }
  }

  private async locate(sequence: number): Promise<Place> {
    const known = this.segmentOf(sequence);
    if (known !== undefined) return { kind: 'segment', segment: known };
    const starts = await journalStarts(this.disk, this.journalDirectory);
    await this.sealedSegments();
    const segment = this.segmentOf(sequence);
    if (segment !== undefined) return { kind: 'segment', segment };
    const start = starts.findLast((first) => first <= sequence);
    if (start !== undefined) return { kind: 'journal', start };
    if (starts.length === 0 && this.segments.length === 0) return { kind: 'nowhere' };
    throw new CodedError(
      'LOG_DAMAGED',
      `No sealed segment and no journal has event ${sequence}: a file is missing. ${WHAT_TO_DO}`,
    );
  }

  private segmentOf(sequence: number): SealedSegment | undefined {
    return this.segments.find((one) => one.firstSequence <= sequence && sequence <= one.lastSequence);
  }

  /** A full journal ends where another begins, or where a segment does if that was sealed meanwhile. */
  private async checkFollowed({ name, nextSequence }: JournalReader): Promise<void> {
    const starts = await journalStarts(this.disk, this.journalDirectory);
    await this.sealedSegments();
    if (starts.includes(nextSequence) || this.segmentOf(nextSequence) !== undefined) return;
    throw new CodedError(
      'LOG_DAMAGED',
      `${name} ends with event ${nextSequence - 1}, and no file begins with the next one: a journal is missing or was cut. ${WHAT_TO_DO}`,
    );
  }

  /** The events of a segment from `next` on; returns what comes after them, or after those that could be read. */
  private async *scanSegment(segment: SealedSegment, next: number): AsyncGenerator<SequencedLinks, number> {
    let sequence = next;
    try {
      const path = join(this.segmentsDirectory, segment.file);
      const packs = this.reader().scanPacked(path, sequence - segment.firstSequence);
      for await (const { bytes, ends, hashes } of packs) {
        const firstSequence = sequence;
        sequence += ends.length;
        yield { firstSequence, bytes, ends, hashes };
      }
    } catch (error) {
      // A segment that was rewritten meanwhile has another file now.
      const segments = await this.sealedSegments();
      if (segments.some(({ file }) => file === segment.file)) throw error;
      return sequence;
    }
    if (sequence === segment.lastSequence + 1) return sequence;
    throw new CodedError(
      'ARCHIVE_DAMAGED',
      `${segment.file} has not the events that the manifest says. Restore this file from a backup, then run "fi-consult verify".`,
      { extensions: { file: segment.file, sequence } },
    );
  }

  private reader(): ReadThread {
    if (this.thread === undefined || this.thread.isSpent) this.thread = new ReadThread();
    return this.thread;
  }
}

async function* packed<T>(batches: AsyncGenerator<SequencedLink[], T>): AsyncGenerator<SequencedLinks, T> {
  for (;;) {
    const { value, done } = await batches.next();
    if (done) return value;
    yield packLinks(value);
  }
}

async function* unpacked<T>(batches: AsyncGenerator<SequencedLinks, T>): AsyncGenerator<SequencedLink[], T> {
  for (;;) {
    const { value, done } = await batches.next();
    if (done) return value;
    yield unpackLinks(value);
  }
}

function later(links: readonly SequencedLink[], from: number): SequencedLink[] {
  return links.filter(({ sequence }) => sequence >= from);
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(limits.directoryPollMs, undefined, { signal }).catch(() => undefined);
}
