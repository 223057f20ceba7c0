/**
 * The sealed segments, for the main thread: which there are, and what is in them. Reading happens in one thread
 * of its own, started when it is first needed (HDF5 costs 130 ms and 55 MB to load).
 */
import { join } from 'node:path';
import { assert, CodedError } from '../domain/errors.js';
import type { SequencedLink } from '../domain/stored-event.js';
import type { Disk } from '../ops/disk.js';
import { readManifest, writeManifest } from './manifest.js';
import type { RowsOfFile } from './read-protocol.js';
import { ReadThread } from './read-thread.js';
import { damagedFile } from './segment-file.js';
import { GENESIS_ROOT, type SealedSegment } from './segment-layout.js';

export interface SegmentArchiveOptions {
  disk: Disk;
  /** Where the sealed files and the manifest are. */
  directory: string;
}

/**
 * Reads fail with ARCHIVE_DAMAGED when a file is damaged, CODEC_UNAVAILABLE when its codec is not there, and
 * SHUTTING_DOWN when the archive is closed meanwhile. The archive goes on working after each but the last.
 */
export class SegmentArchive {
  readonly #disk: Disk;
  readonly #directory: string;
  #segments: readonly SealedSegment[];
  #thread: ReadThread | undefined;
  #isAdding = false;
  #isClosed = false;

  private constructor({ disk, directory }: SegmentArchiveOptions, segments: readonly SealedSegment[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#segments = segments;
  }

  /**
   * Reads the manifest and checks that each file is there in its full size. ARCHIVE_DAMAGED or
   * UNSUPPORTED_FORMAT otherwise. What is inside the files is checked when it is read, and by `verify`.
   */
  static async open(options: SegmentArchiveOptions): Promise<SegmentArchive> {
    const { disk, directory } = options;
    const segments = await readManifest(disk, directory);
    const names = new Set(await disk.list(directory));
    for (const segment of segments) {
      if (!names.has(segment.file)) throw damagedFile(segment.file, 'the file is missing');
      await checkSize(disk, directory, segment);
    }
    return new SegmentArchive(options, segments);
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
      const segments = [...this.#segments, sealed];
      await writeManifest(this.#disk, this.#directory, segments);
      this.#segments = segments;
    } finally {
      this.#isAdding = false;
    }
  }

  /**
   * The records (stored-event.ts, without the hash before them) of archived events, in the order asked for.
   * They are not checked against a hash here: the caller has it.
   */
  async readRecords(sequences: readonly number[]): Promise<Buffer[]> {
    if (sequences.length === 0) return [];
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
    for (const segment of this.#segments) {
      const { file, firstSequence, lastSequence } = segment;
      if (lastSequence < fromSequence) continue;
      let sequence = Math.max(fromSequence, firstSequence);
      const path = join(this.#directory, file);
      for await (const links of this.#reader().scan(path, sequence - firstSequence)) {
        const batch = links.map((link, index) => ({ sequence: sequence + index, link }));
        sequence += batch.length;
        yield batch;
      }
      if (sequence !== lastSequence + 1)
        throw damagedFile(file, 'it has not the events that the manifest says');
    }
  }

  /** Ends the reading thread. What waits is refused with SHUTTING_DOWN. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.close();
  }

  #reader(): ReadThread {
    if (this.#isClosed) throw new CodedError('SHUTTING_DOWN', 'The archive was closed.');
    if (this.#thread === undefined || this.#thread.isSpent) this.#thread = new ReadThread();
    return this.#thread;
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
