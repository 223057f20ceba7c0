/**
 * The sealed segments, for the main thread: which there are, and what is in them. Reading happens in one thread
 * of its own, started when it is first needed (HDF5 costs 130 ms and 55 MB to load).
 */
import { join } from 'node:path';
import { assert, CodedError } from '../domain/errors.js';
import type { SequencedLink } from '../domain/stored-event.js';
import type { Disk } from '../ops/disk.js';
import { readManifest, updateManifest } from './manifest.js';
import type { RowsOfFile } from './read-protocol.js';
import { type ReadMachine, ReadThread } from './read-thread.js';
import { damagedFile } from './segment-file.js';
import { GENESIS_ROOT, type SealedSegment } from './segment-layout.js';

export interface SegmentArchiveOptions {
  disk: Disk;
  /** Where the sealed files and the manifest are. */
  directory: string;
  /** For the thread that reads; that of this process by default. */
  machine?: ReadMachine;
}

/**
 * Reads fail with ARCHIVE_DAMAGED when a file is damaged, CODEC_UNAVAILABLE when its codec is not there, and
 * SHUTTING_DOWN when the archive is closed meanwhile. The archive goes on working after each but the last.
 */
export class SegmentArchive {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #machine: ReadMachine | undefined;
  #segments: readonly SealedSegment[];
  #thread: ReadThread | undefined;
  #isAdding = false;
  #isClosed = false;

  private constructor(options: SegmentArchiveOptions, segments: readonly SealedSegment[]) {
    const { disk, directory, machine } = options;
    this.#disk = disk;
    this.#directory = directory;
    this.#machine = machine;
    this.#segments = segments;
  }

  /**
   * Reads the manifest and checks that each file is there in its full size. ARCHIVE_DAMAGED or
   * UNSUPPORTED_FORMAT otherwise. What it lists is on stable storage when this returns. What is inside the files
   * is checked when it is read, and by `verify`.
   */
  static async open(options: SegmentArchiveOptions): Promise<SegmentArchive> {
    const { disk, directory } = options;
    let segments = await readManifest(disk, directory);
    for (;;) {
      try {
        await checkFiles(disk, directory, segments);
        // Whoever listed them may have been killed before that was durable; journals are deleted for it.
        if (segments.length > 0) await disk.syncDirectory(directory);
        return new SegmentArchive(options, segments);
      } catch (error) {
        // A repack may have put another file in a segment's place since the manifest was read.
        const newest = await readManifest(disk, directory);
        if (newest.every(({ file }, index) => file === segments[index]?.file)) throw error;
        segments = newest;
      }
    }
  }

  /** Oldest first; a list that is never changed, only replaced. */
  get segments(): readonly SealedSegment[] {
    return this.#segments;
  }

  /** The newest archived event; 0 when there is none. */
  get lastSequence(): number {
    return this.#segments.at(-1)?.lastSequence ?? 0;
  }

  /** The root that the next segment names as the one before it, in hex. */
  get lastRoot(): string {
    return this.#segments.at(-1)?.root ?? GENESIS_ROOT;
  }

  /** Adds the next segment, whose file is in place. Resolves once the manifest lists it durably. One at a time. */
  async add(sealed: SealedSegment): Promise<void> {
    assert(!this.#isAdding, 'segments are added one at a time');
    this.#isAdding = true;
    try {
      this.#segments = await updateManifest(this.#disk, this.#directory, (segments) => {
        // An attempt before this one may have listed it and then failed.
        return [...segments.filter(({ firstSequence }) => firstSequence !== sealed.firstSequence), sealed];
      });
    } finally {
      this.#isAdding = false;
    }
  }

  /**
   * Puts a segment's new file, which is in place and has the same events, where its old one is, and removes that.
   * Resolves once both are durable. ARCHIVE_DAMAGED if the manifest no longer lists the old file.
   */
  async replace(old: SealedSegment, repacked: SealedSegment): Promise<void> {
    assert(repacked.root === old.root && repacked.file !== old.file, 'the same events in another file');
    this.#segments = await updateManifest(this.#disk, this.#directory, (segments) => {
      if (!segments.some(({ file }) => file === old.file)) {
        throw damagedFile(old.file, 'the manifest does not list it any more');
      }
      return segments.map((segment) => (segment.file === old.file ? repacked : segment));
    });
    await this.#disk.remove(join(this.#directory, old.file));
    await this.#disk.syncDirectory(this.#directory);
  }

  /**
   * The records (stored-event.ts, without the hash before them) of archived events, in the order asked for.
   * They are not checked against a hash here: the caller has it.
   */
  async readRecords(sequences: readonly number[]): Promise<Buffer[]> {
    if (sequences.length === 0) return [];
    for (;;) {
      const segments = this.#segments;
      try {
        return await this.#read(sequences);
      } catch (error) {
        if (!(await this.#wasRepacked(error, segments))) throw error;
      }
    }
  }

  async #read(sequences: readonly number[]): Promise<Buffer[]> {
    const files: RowsOfFile[] = [];
    const order: number[] = [];
    const bySegment = new Map<SealedSegment, { rows: number[]; positions: number[] }>();
    sequences.forEach((sequence, position) => {
      const segment = this.#segmentOf(sequence);
      const part = bySegment.get(segment) ?? { rows: [], positions: [] };
      part.rows.push(sequence - segment.firstSequence);
      part.positions.push(position);
      bySegment.set(segment, part);
    });
    for (const [segment, { rows, positions }] of bySegment) {
      files.push({ path: join(this.#directory, segment.file), rows });
      order.push(...positions);
    }
    const found = await this.#reader().read(files);
    const records = new Array<Buffer>(sequences.length);
    found.forEach((record, index) => {
      records[order[index] as number] = record;
    });
    return records;
  }

  /**
   * Everything archived from a sequence to the newest segment at the time of the call, in order, in batches.
   * The chain of each file is computed from its start and checked at its end: a caller that stops before the
   * end of a file has unchecked links.
   */
  async *scan(fromSequence: number): AsyncGenerator<SequencedLink[], void> {
    let sequence = Math.max(1, fromSequence);
    const { lastSequence } = this;
    while (sequence <= lastSequence) {
      const segments = this.#segments;
      try {
        for await (const batch of this.#scanSegment(this.#segmentOf(sequence), sequence)) {
          yield batch;
          sequence += batch.length;
        }
      } catch (error) {
        if (!(await this.#wasRepacked(error, segments))) throw error;
      }
    }
  }

  async *#scanSegment(segment: SealedSegment, from: number): AsyncGenerator<SequencedLink[], void> {
    const { file, firstSequence, lastSequence } = segment;
    let sequence = from;
    for await (const links of this.#reader().scan(join(this.#directory, file), from - firstSequence)) {
      yield links.map((link, index) => ({ sequence: sequence + index, link }));
      sequence += links.length;
    }
    if (sequence !== lastSequence + 1)
      throw damagedFile(file, 'it has not the events that the manifest says');
  }

  /** Ends the reading thread. What waits is refused with SHUTTING_DOWN. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.close();
  }

  #reader(): ReadThread {
    if (this.#isClosed) throw new CodedError('SHUTTING_DOWN', 'The archive was closed.');
    if (this.#thread === undefined || this.#thread.isSpent) this.#thread = new ReadThread(this.#machine);
    return this.#thread;
  }

  /**
   * Whether reading failed because a file made place for a repacked one since `before` was the list. Another process
   * did that; the names are read anew, and it is worth trying again.
   */
  async #wasRepacked(error: unknown, before: readonly SealedSegment[]): Promise<boolean> {
    if (!(error instanceof CodedError) || error.code !== 'ARCHIVE_DAMAGED') return false;
    // Where the list cannot be read either, the error at hand is the one to tell.
    const listed = await readManifest(this.#disk, this.#directory).catch(() => before);
    // Not the whole list: one that is just being added may be newer than what was read.
    this.#segments = this.#segments.map((segment, index) => {
      const newest = listed[index];
      return newest?.firstSequence === segment.firstSequence ? newest : segment;
    });
    return before.some(({ file }, index) => file !== this.#segments[index]?.file);
  }

  /** The segment that holds a sequence, by bisection. */
  #segmentOf(sequence: number): SealedSegment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle] as SealedSegment).lastSequence < sequence) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[low];
    assert(
      segment !== undefined && sequence >= segment.firstSequence && sequence <= segment.lastSequence,
      `sequence ${sequence} is archived`,
    );
    return segment;
  }
}

/** ARCHIVE_DAMAGED unless every file is there in its full size. */
async function checkFiles(disk: Disk, directory: string, segments: readonly SealedSegment[]): Promise<void> {
  const names = new Set(await disk.list(directory));
  for (const segment of segments) {
    if (!names.has(segment.file)) throw damagedFile(segment.file, 'the file is missing');
    await checkSize(disk, directory, segment);
  }
}

async function checkSize(disk: Disk, directory: string, segment: SealedSegment): Promise<void> {
  const file = await disk.open(join(directory, segment.file), { mode: 'read' });
  try {
    const bytes = await file.size();
    if (bytes === segment.fileBytes) return;
    throw damagedFile(segment.file, `it has ${bytes} bytes and not ${segment.fileBytes}`);
  } finally {
    await file.close();
  }
}
