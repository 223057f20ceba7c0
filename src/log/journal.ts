/** One journal file: appends blocks, knows where each event lies, and reads events back. */
import { join } from 'node:path';
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { SequencedLink } from '../domain/stored-event.js';
import type { Disk, DiskFile } from '../ops/disk.js';
import { isNoSpace } from '../ops/disk-failure.js';
import { EventPlaces } from './event-places.js';
import {
  BLOCK_HEADER_BYTES,
  decodeFileHeader,
  encodeBlock,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  JOURNAL_FORMAT_VERSION,
  type JournalHeader,
  journalFirstSequence,
  journalName,
  LENGTH_BYTES,
  WHAT_TO_DO,
} from './journal-format.js';
import { assertTornTail, type Block, readBlocks, usedEnd } from './journal-scanner.js';

/** Events closer than this in the file are read together, in bytes. */
const READ_GAP_BYTES = 4096;
/** One read of several events, at most, in bytes; a larger event is read alone. */
const READ_SPAN_BYTES = 256 * 1024;

/** What was found when a journal was opened after a stop. */
export interface JournalRecovery {
  /** Bytes of a torn tail that were cut; nobody had been told of them. */
  tornBytes: number;
}

interface RecoverOptions {
  /** The first sequence of the journal after it; none if it is the last. */
  followedBy: number | undefined;
  durable: boolean;
  durableThrough: number;
  visit?: (block: Block) => void;
}

export class Journal {
  private readonly places = new EventPlaces();
  /** Where the next block goes; everything before it is durable. */
  endOffset = FILE_HEADER_BYTES;
  /** Whether the last block is one without events. */
  isConfirmed = true;
  /** Where the file ends. From `endOffset` on it is room: zeros, and on stable storage as such. */
  private fileEnd = FILE_HEADER_BYTES;

  private constructor(
    readonly path: string,
    readonly name: string,
    private readonly header: JournalHeader,
    private readonly file: DiskFile,
    private readonly durable: boolean,
  ) {}

  get firstSequence(): number {
    return this.header.firstSequence;
  }

  get createdMs(): number {
    return this.header.createdMs;
  }

  /** Whether an older version made it: nothing is added, since that version would not understand what may come now. */
  get isOfOldFormat(): boolean {
    return this.header.formatVersion < JOURNAL_FORMAT_VERSION;
  }

  /** Creates an empty journal, durably: it is there whole or not at all. */
  static async create(
    disk: Disk,
    directory: string,
    firstSequence: number,
    createdMs: number,
    durable: boolean,
  ): Promise<Journal> {
    const name = journalName(firstSequence);
    const path = join(directory, name);
    const temporary = `${path}.tmp`;
    await disk.remove(temporary);
    const draft = await disk.open(temporary, { mode: 'create' });
    try {
      await draft.write(encodeFileHeader({ firstSequence, createdMs }), 0);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await disk.rename(temporary, path);
    try {
      await disk.syncDirectory(directory);
      const file = await disk.open(path, { mode: 'write', durable });
      const formatVersion = JOURNAL_FORMAT_VERSION;
      return new Journal(path, name, { formatVersion, firstSequence, createdMs }, file, durable);
    } catch (cause) {
      // The name is taken now: going on with the journal before it would leave two with the same events.
      throw new Error('a new journal has its name but cannot be used', { cause });
    }
  }

  /**
   * Opens a journal and finds its events.
   *
   * Of the last one, room and a torn tail are cut off; in any other, and for anything that is no torn tail, throws
   * LOG_DAMAGED with file, offset and sequence, and changes nothing. The same if the last journal lacks events up
   * to `durableThrough`, which were acknowledged. `visit` is given every block in order. What was found is on
   * stable storage when this returns, whoever wrote it.
   */
  static async open(
    disk: Disk,
    directory: string,
    name: string,
    options: RecoverOptions,
  ): Promise<{ journal: Journal; recovery: JournalRecovery }> {
    const path = join(directory, name);
    const file = await disk.open(path, { mode: 'write', durable: options.durable });
    try {
      const header = decodeFileHeader(await file.read(0, FILE_HEADER_BYTES), name);
      if (header.firstSequence !== journalFirstSequence(name)) {
        throw damaged(name, 0, header.firstSequence, 'the file is not the one its name says');
      }
      const journal = new Journal(path, name, header, file, options.durable);
      const tornBytes = await journal.recover(options);
      return { journal, recovery: { tornBytes } };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async recover({ followedBy, durable, durableThrough, visit }: RecoverOptions): Promise<number> {
    const size = await this.file.size();
    let last: Block | undefined;
    for await (const block of readBlocks(this.file, FILE_HEADER_BYTES, size)) {
      if (block.firstSequence !== this.nextSequence) {
        throw damaged(this.name, block.offset, this.nextSequence, 'the block is out of order');
      }
      this.take(block.links, block.offset);
      visit?.(block);
      last = block;
    }
    const tornBytes = (await usedEnd(this.file, this.endOffset, size)) - this.endOffset;
    if (tornBytes > 0) await assertTornTail(this.file, this.name, this.endOffset, size, this.nextSequence);
    if (followedBy !== undefined) {
      // A copy of the newest journal may have room and then be followed. If events are missing there, it is none.
      const isRoom = tornBytes === 0 && this.nextSequence === followedBy;
      if (size === this.endOffset || isRoom) return 0;
      throw damaged(this.name, this.endOffset, this.nextSequence, 'a block is damaged');
    }
    if (this.nextSequence <= durableThrough) throw this.lacks(durableThrough, durable);
    if (size > this.endOffset) await this.cutTail(size);
    this.fileEnd = this.endOffset;
    await this.makeDurable(last);
    return tornBytes;
  }

  private lacks(durableThrough: number, durable: boolean): CodedError {
    const what = `the journal ends here, but events up to ${durableThrough} were stored: acknowledged events are missing`;
    const advice = durable
      ? WHAT_TO_DO
      : 'With FI_DURABILITY=os a power cut can do this; delete the folder index to go on with what is left.';
    return damaged(this.name, this.endOffset, this.nextSequence, what, advice);
  }

  /** Cuts off what is no block. Only what is so twice: a bit that was read wrong must not cost an event. */
  private async cutTail(size: number): Promise<void> {
    for await (const block of readBlocks(this.file, this.endOffset, size)) {
      throw damaged(this.name, block.offset, this.nextSequence, 'the disk reads otherwise each time');
    }
    await this.file.truncate(this.endOffset);
  }

  /**
   * Whoever wrote the blocks may have been killed before they were on stable storage. The last one is written
   * again, because after a failed sync the system may hold its pages for clean; and as it was found whole, not as
   * it would read now.
   */
  private async makeDurable(last: Block | undefined): Promise<void> {
    if (last !== undefined) {
      const linkBytes = last.links.reduce((sum, link) => sum + link.length, 0);
      await this.file.write(encodeBlock(last.firstSequence, last.links, linkBytes), last.offset);
    }
    await this.file.sync();
  }

  /** Cuts the file back to its durable blocks. An error of it is never one of a full disk, which could be gone on with. */
  async cutBack(): Promise<void> {
    try {
      await this.file.truncate(this.endOffset);
      await this.file.sync();
    } catch (cause) {
      throw new Error('the journal could not be cut back to its blocks', { cause });
    }
    this.fileEnd = this.endOffset;
  }

  /** Cuts the room off, because no block comes any more. */
  async cutRoom(): Promise<void> {
    if (this.fileEnd > this.endOffset) await this.cutBack();
  }

  get nextSequence(): number {
    return this.firstSequence + this.places.count;
  }

  get eventCount(): number {
    return this.places.count;
  }

  /**
   * Writes a block of events that start at `nextSequence`, and takes it in once it is on stable storage. After
   * an error the file may hold a part of it: see `cutBack`.
   */
  async appendBlock(links: readonly Buffer[], linkBytes: number): Promise<void> {
    await this.write(encodeBlock(this.nextSequence, links, linkBytes));
    this.take(links, this.endOffset);
  }

  /**
   * A block past the end of the file takes zeros with it, in the same write: room for the next ones. Those change no
   * size and no place of the file, and to sync them takes half as long. A full disk may still hold the block alone.
   */
  private async write(block: Buffer): Promise<void> {
    const end = this.endOffset + block.length;
    const roomEnd = this.roomEndAfter(end);
    if (end > this.fileEnd && roomEnd > end) {
      try {
        await this.file.write(Buffer.concat([block], roomEnd - this.endOffset), this.endOffset);
        this.fileEnd = roomEnd;
        return;
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        await this.cutBack();
      }
    }
    await this.file.write(block, this.endOffset);
    this.fileEnd = Math.max(this.fileEnd, end);
  }

  /** What is not synced gains nothing by room; and no older version would know what it is. */
  private roomEndAfter(end: number): number {
    if (!this.durable || this.isOfOldFormat) return end;
    return Math.ceil(end / limits.journalRoomBytes) * limits.journalRoomBytes;
  }

  /** Writes a block without events, which proves that all before it was durable. */
  async confirm(): Promise<void> {
    if (!this.isConfirmed) await this.appendBlock([], 0);
  }

  private take(links: readonly Buffer[], blockOffset: number): void {
    let offset = blockOffset + BLOCK_HEADER_BYTES;
    for (const link of links) {
      this.places.add(offset + LENGTH_BYTES, link.length);
      offset += LENGTH_BYTES + link.length;
    }
    this.endOffset = offset;
    this.isConfirmed = links.length === 0;
  }

  /** Reads events by their sequences, ascending. All reads are started before this returns. */
  async read(sequences: readonly number[]): Promise<SequencedLink[]> {
    const spans = this.spansOf(sequences);
    const parts = await Promise.all(spans.map((span) => this.readSpan(span)));
    return parts.flat();
  }

  private async readSpan(span: Span): Promise<SequencedLink[]> {
    const bytes = await this.file.read(span.offset, span.end - span.offset);
    return span.sequences.map((sequence) => {
      const index = sequence - this.firstSequence;
      const start = this.places.offset(index) - span.offset;
      const link = bytes.subarray(start, start + this.places.length(index));
      if (link.length !== this.places.length(index)) {
        throw damaged(this.name, this.places.offset(index), sequence, 'the file is shorter than it was');
      }
      return { sequence, link };
    });
  }

  private spansOf(sequences: readonly number[]): Span[] {
    const spans: Span[] = [];
    let span: Span | undefined;
    for (const sequence of sequences) {
      const index = sequence - this.firstSequence;
      assert(index >= 0 && index < this.places.count, `sequence ${sequence} is in ${this.name}`);
      const offset = this.places.offset(index);
      const end = offset + this.places.length(index);
      if (span !== undefined && offset - span.end <= READ_GAP_BYTES && end - span.offset <= READ_SPAN_BYTES) {
        span.end = end;
        span.sequences.push(sequence);
      } else {
        span = { offset, end, sequences: [sequence] };
        spans.push(span);
      }
    }
    return spans;
  }

  /** Closes the file after the reads under way. */
  close(): Promise<void> {
    return this.file.close();
  }
}

interface Span {
  offset: number;
  end: number;
  sequences: number[];
}

function damaged(
  name: string,
  offset: number,
  sequence: number,
  what: string,
  advice = WHAT_TO_DO,
): CodedError {
  return new CodedError('LOG_DAMAGED', `${name}, offset ${offset}, event ${sequence}: ${what}. ${advice}`);
}
