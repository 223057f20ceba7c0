/**
 * Reads a journal file that another process may be writing.
 *
 * What counts is what the owner has on stable storage. It writes a block only after all before it are there, so
 * anything that stands after a block, or a newer journal, proves the block; a log that falls idle writes an empty
 * block for that purpose (src/log/journal-format.ts). A block that nothing follows yet is held back. Zeros are nothing:
 * they are room that was made ahead.
 */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { SequencedLink } from '../domain/stored-event.js';
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  journalFirstSequence,
  journalName,
  WHAT_TO_DO,
} from '../log/journal-format.js';
import { assertTornTail, type Block, readBlocks, usedEnd } from '../log/journal-scanner.js';
import type { Disk, DiskFile } from '../ops/disk.js';

/** The first sequences of the journals in a directory, in order: their names say them. */
export async function journalStarts(disk: Disk, directory: string): Promise<number[]> {
  return (await disk.list(directory)).flatMap((name) => journalFirstSequence(name) ?? []);
}

/** LOG_DAMAGED at a place in a journal. */
export function damagedJournal(name: string, offset: number, sequence: number, what: string): CodedError {
  return new CodedError(
    'LOG_DAMAGED',
    `${name}, offset ${offset}, event ${sequence}: ${what}. ${WHAT_TO_DO}`,
  );
}

export interface JournalReaderOptions {
  disk: Disk;
  /** Where the journals are. */
  directory: string;
  firstSequence: number;
}

/** One pass over what there is to read now. */
interface Pass {
  /** A newer journal is there, so that this one does not change any more. */
  isFull: boolean;
  /** Read no block that ends after this. */
  endOffset: number;
  /** Take the last block although nothing proves it. */
  takesUnproven: boolean;
}

/** An open journal and how far it was read. Stays readable when its owner deletes the file. */
export class JournalReader {
  readonly name: string;
  /** The sequence of the next event to be read. */
  nextSequence: number;
  private offset = FILE_HEADER_BYTES;

  private constructor(
    private readonly file: DiskFile,
    private readonly options: JournalReaderOptions,
  ) {
    this.name = journalName(options.firstSequence);
    this.nextSequence = options.firstSequence;
  }

  /** Opens a journal; `undefined` if it is not there (any more). LOG_DAMAGED, UNSUPPORTED_FORMAT. */
  static async open(options: JournalReaderOptions): Promise<JournalReader | undefined> {
    const name = journalName(options.firstSequence);
    let file: DiskFile;
    try {
      file = await options.disk.open(join(options.directory, name), { mode: 'read' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const header = decodeFileHeader(await file.read(0, FILE_HEADER_BYTES), name);
      if (header.firstSequence === options.firstSequence) return new JournalReader(file, options);
      throw damagedJournal(name, 0, header.firstSequence, 'the file is not the one its name says');
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Where the blocks end that were read. */
  get endOffset(): number {
    return this.offset;
  }

  /** Whether a newer journal exists: then this one is full and stays as it is. */
  async isFull(): Promise<boolean> {
    const newest = (await journalStarts(this.options.disk, this.options.directory)).at(-1);
    return newest !== undefined && newest > this.options.firstSequence;
  }

  /**
   * What is committed when it is called, in batches; all of it, and true, if the journal is full or becomes so. A
   * last block that nothing proves within `limits.journalProofMs` has no owner that could: it is given too, since
   * the next start of the service takes it as well.
   */
  async *readCommitted(): AsyncGenerator<SequencedLink[], boolean> {
    let endOffset = await this.file.size();
    for (let waitedMs = 0; ; waitedMs += limits.directoryPollMs) {
      const isFull = await this.isFull();
      const takesUnproven = waitedMs >= limits.journalProofMs;
      const pass = { isFull, endOffset: isFull ? await this.file.size() : endOffset, takesUnproven };
      const heldBackEnd = yield* this.read(pass);
      if (heldBackEnd === undefined) return isFull;
      // Whatever comes after it was not committed when this was called.
      endOffset = heldBackEnd;
      await new Promise((resolve) => setTimeout(resolve, limits.directoryPollMs));
    }
  }

  /** What was proven since the last call, in batches. True if the journal is full and was read to its end. */
  async *readProven(): AsyncGenerator<SequencedLink[], boolean> {
    const isFull = await this.isFull();
    const endOffset = await this.file.size();
    const heldBackEnd = yield* this.read({ isFull, endOffset, takesUnproven: false });
    return isFull && heldBackEnd === undefined;
  }

  /** Reads on. If it stops before a whole block that nothing proves, gives where that one ends. */
  private async *read(pass: Pass): AsyncGenerator<SequencedLink[], number | undefined> {
    const { isFull, endOffset, takesUnproven } = pass;
    let batch: SequencedLink[] = [];
    let heldBackEnd: number | undefined;
    for await (const { block, isFollowed } of withFollowed(readBlocks(this.file, this.offset, endOffset))) {
      const { offset, firstSequence, links, end } = block;
      if (firstSequence !== this.nextSequence) {
        throw damagedJournal(this.name, offset, this.nextSequence, 'the block is out of order');
      }
      const isTaken = isFull || takesUnproven || isFollowed || links.length === 0;
      if (!isTaken && !(await this.isFollowed(end))) {
        heldBackEnd = end;
        break;
      }
      for (const link of links) {
        batch.push({ sequence: this.nextSequence, link });
        this.nextSequence += 1;
      }
      this.offset = end;
      if (batch.length < limits.batchEventsMax) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    if (heldBackEnd === undefined) await this.checkTail(isFull, endOffset);
    return heldBackEnd;
  }

  /** Whether anything stands there by now. */
  private async isFollowed(offset: number): Promise<boolean> {
    return (await usedEnd(this.file, offset, await this.file.size())) > offset;
  }

  /** Bytes that are no whole block are room, a write under way, or one that a crash left behind, or damage. */
  private async checkTail(isFull: boolean, endOffset: number): Promise<void> {
    if (this.offset >= endOffset) return;
    await assertTornTail(this.file, this.name, this.offset, endOffset, this.nextSequence);
    const isRoom = (await usedEnd(this.file, this.offset, endOffset)) === this.offset;
    if (isFull && !isRoom)
      throw damagedJournal(this.name, this.offset, this.nextSequence, 'a block is damaged');
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Each block, and whether a whole one follows it. */
async function* withFollowed(
  blocks: AsyncIterable<Block>,
): AsyncGenerator<{ block: Block; isFollowed: boolean }> {
  let before: Block | undefined;
  for await (const block of blocks) {
    if (before !== undefined) yield { block: before, isFollowed: true };
    before = block;
  }
  if (before !== undefined) yield { block: before, isFollowed: false };
}
