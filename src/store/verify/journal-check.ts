/** Checks one journal file: header, blocks, order; goes on after damage with the next whole block. */
import { basename } from 'node:path';
import { CodedError } from '../../domain/errors.js';
import {
  BLOCK_HEADER_BYTES,
  decodeFileHeader,
  FILE_HEADER_BYTES,
  LENGTH_BYTES,
} from '../../log/journal-format.js';
import { type Block, findBlockAfter, isBlockAt, readBlocks, usedEnd } from '../../log/journal-scanner.js';
import type { DiskFile } from '../../ops/disk.js';
import { ByteColumn } from '../../segments/byte-column.js';
import type { LinkPlace } from './chain-check.js';
import { unreadable, type VerifyReport } from './verify-report.js';

export interface OpenJournal {
  /** Relative to the data directory. */
  path: string;
  /** By its name. */
  firstSequence: number;
  file: DiskFile;
}

export interface JournalCheckOptions {
  report: VerifyReport;
  /** The first sequence of the journal after it; none if it is the last, which may have a torn tail. */
  followedBy: number | undefined;
  /** Is given every event, and gives its hash (latin1). */
  add: (link: Buffer, place: LinkPlace) => string;
  /** Events that cannot be read stood here. */
  gap: () => void;
}

/** What a journal was found to be. */
export interface JournalFindings {
  /** The sequence after its last readable event. */
  nextSequence: number;
  /** The hashes of its events, 32 bytes each; complete only if it is whole. */
  hashes: Buffer;
  isWhole: boolean;
  /** Bytes after the blocks that are no whole block and were never acknowledged. */
  tornBytes: number;
  /** Zeros at the end, where no block was written. */
  roomBytes: number;
  /** Where the whole blocks end. */
  endOffset: number;
  /** Whether its last block is one without events, which proves all before it. */
  isConfirmed: boolean;
}

/** Checks a journal that is open for reading, up to its size now. */
export async function checkJournal(
  journal: OpenJournal,
  options: JournalCheckOptions,
): Promise<JournalFindings> {
  const check = new JournalCheck(journal, options);
  try {
    await check.run();
  } catch (error) {
    check.damage(check.findings.endOffset, unreadable(error));
  }
  return check.findings;
}

class JournalCheck {
  readonly findings: JournalFindings;
  readonly #hashes = new ByteColumn();

  constructor(
    private readonly journal: OpenJournal,
    private readonly options: JournalCheckOptions,
  ) {
    this.findings = {
      nextSequence: journal.firstSequence,
      hashes: Buffer.alloc(0),
      isWhole: true,
      tornBytes: 0,
      roomBytes: 0,
      endOffset: FILE_HEADER_BYTES,
      isConfirmed: true,
    };
  }

  /** Reports damage at a place, which the events after it cannot be held against. */
  damage(offset: number, what: string): void {
    const { report, gap } = this.options;
    report.damage({ file: this.journal.path, offset, sequence: this.findings.nextSequence, what });
    this.findings.isWhole = false;
    gap();
  }

  async run(): Promise<void> {
    const { file } = this.journal;
    const { findings } = this;
    const fileEnd = await file.size();
    if (!(await this.#checkHeader())) return;
    let wasDamaged = false;
    for (;;) {
      for await (const block of readBlocks(file, findings.endOffset, fileEnd)) {
        if (block.firstSequence !== findings.nextSequence && !wasDamaged) {
          this.damage(block.offset, `the block begins with event ${block.firstSequence}`);
        }
        wasDamaged = false;
        this.#take(block);
      }
      if (findings.endOffset >= fileEnd) break;
      const later = await findBlockAfter(file, findings.endOffset, fileEnd, findings.nextSequence);
      if (later === undefined) {
        await this.#end(fileEnd);
        break;
      }
      // A service that writes was read in between (assertTornTail).
      if (await isBlockAt(file, findings.endOffset, fileEnd)) continue;
      this.damage(findings.endOffset, `a block is damaged; the next whole one is at offset ${later}`);
      findings.endOffset = later;
      wasDamaged = true;
    }
    findings.hashes = this.#hashes.front(this.#hashes.length);
  }

  /** Whether what follows the header can be checked. */
  async #checkHeader(): Promise<boolean> {
    const { file, path, firstSequence } = this.journal;
    try {
      const header = decodeFileHeader(await file.read(0, FILE_HEADER_BYTES), basename(path));
      if (header.firstSequence === firstSequence) return true;
      this.damage(0, `it is the journal from event ${header.firstSequence}, and not the one its name says`);
      return false;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const isNewer = error.code === 'UNSUPPORTED_FORMAT';
      this.damage(0, isNewer ? error.message : 'the file header is damaged');
      return !isNewer;
    }
  }

  #take(block: Block): void {
    const { findings, options, journal } = this;
    const { links, firstSequence, end } = block;
    let offset = block.offset + BLOCK_HEADER_BYTES;
    links.forEach((link, index) => {
      const sequence = firstSequence + index;
      // A block that repeats events was reported as out of order.
      if (sequence >= findings.nextSequence) {
        const place = { file: journal.path, offset: offset + LENGTH_BYTES, sequence };
        this.#hashes.latin1(options.add(link, place));
      }
      offset += LENGTH_BYTES + link.length;
    });
    options.report.done(end - block.offset);
    findings.nextSequence = Math.max(findings.nextSequence, firstSequence + links.length);
    findings.endOffset = end;
    findings.isConfirmed = links.length === 0;
  }

  /** What is behind the last whole block. */
  async #end(fileEnd: number): Promise<void> {
    const { findings } = this;
    const { followedBy } = this.options;
    const end = await usedEnd(this.journal.file, findings.endOffset, fileEnd);
    findings.roomBytes = fileEnd - end;
    if (followedBy === undefined) {
      findings.tornBytes = end - findings.endOffset;
      return;
    }
    const isRoom = end === findings.endOffset && findings.nextSequence === followedBy;
    if (!isRoom) this.damage(findings.endOffset, 'a block is damaged, and no whole one follows');
  }
}
