/** Reads the blocks of a journal in order, and tells room, a torn tail and damage apart. */
import { CodedError } from '../domain/errors.js';
import type { DiskFile } from '../ops/disk.js';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  type BlockHeader,
  decodeBlockBody,
  decodeBlockHeader,
  WHAT_TO_DO,
} from './journal-format.js';

/** How much is read at a time, in bytes. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** A whole block. `offset` is where it starts in the file and `end` where the next one does. */
export interface Block {
  offset: number;
  end: number;
  firstSequence: number;
  links: Buffer[];
}

/** A part of a file in memory, read ahead in large pieces. */
class Window {
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;

  constructor(
    private readonly file: DiskFile,
    private readonly fileEnd: number,
  ) {}

  /** The bytes at `offset`, `length` of them or fewer at the end. */
  async at(offset: number, length: number): Promise<Buffer> {
    if (offset < this.start || offset + length > this.start + this.bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.fileEnd - offset);
      this.bytes = await this.file.read(offset, Math.max(wanted, 0));
      this.start = offset;
    }
    return this.bytes.subarray(offset - this.start, offset - this.start + length);
  }
}

async function blockAt(window: Window, offset: number): Promise<Block | undefined> {
  const header: BlockHeader | undefined = decodeBlockHeader(await window.at(offset, BLOCK_HEADER_BYTES));
  if (header === undefined) return undefined;
  const body = await window.at(offset + BLOCK_HEADER_BYTES, header.bodyBytes);
  const links = decodeBlockBody(header, body);
  if (links === undefined) return undefined;
  return {
    offset,
    end: offset + BLOCK_HEADER_BYTES + header.bodyBytes,
    firstSequence: header.firstSequence,
    links,
  };
}

/** The whole blocks from `offset` on, up to the first one that is not whole or to `fileEnd`. */
export async function* readBlocks(file: DiskFile, offset: number, fileEnd: number): AsyncGenerator<Block> {
  const window = new Window(file, fileEnd);
  let at = offset;
  while (at < fileEnd) {
    const block = await blockAt(window, at);
    if (block === undefined) return;
    yield block;
    at = block.end;
  }
}

/**
 * Where the next whole block after `offset` starts, if there is one. It must hold an event that could stand
 * there: at `sequence` or after it.
 */
export async function findBlockAfter(
  file: DiskFile,
  offset: number,
  fileEnd: number,
  sequence: number,
): Promise<number | undefined> {
  const window = new Window(file, fileEnd);
  let from = offset + 1;
  while (from < fileEnd) {
    const bytes = await window.at(from, Math.min(WINDOW_BYTES, fileEnd - from));
    // No block fits there; and a file that was cut meanwhile has nothing to look through.
    if (bytes.length < BLOCK_HEADER_BYTES) return undefined;
    const index = bytes.indexOf(BLOCK_MAGIC);
    if (index < 0) {
      from += Math.max(1, bytes.length - BLOCK_MAGIC.length + 1);
      continue;
    }
    from += index;
    // Text may be full of the magic: a body is read only behind a header that is whole.
    const header = decodeBlockHeader(await window.at(from, BLOCK_HEADER_BYTES));
    const isPossible = header !== undefined && header.firstSequence >= sequence;
    if (isPossible && (await blockAt(new Window(file, fileEnd), from)) !== undefined) return from;
    from += 1;
  }
  return undefined;
}

/** Whether a whole block stands there now. */
export async function isBlockAt(file: DiskFile, offset: number, fileEnd: number): Promise<boolean> {
  return (await blockAt(new Window(file, fileEnd), offset)) !== undefined;
}

/** Where the bytes between two offsets end that are not zero; `offset` if there are none, so that all is room. */
export async function usedEnd(file: DiskFile, offset: number, fileEnd: number): Promise<number> {
  for (let end = fileEnd; end > offset; ) {
    const start = Math.max(offset, end - WINDOW_BYTES);
    const bytes = await file.read(start, end - start);
    const index = bytes.findLastIndex((byte) => byte !== 0);
    if (index >= 0) return start + index + 1;
    end = start;
  }
  return offset;
}

/**
 * Decides what the bytes at `offset` are, where a whole block was expected: returns if they are room or the torn tail
 * of a write that nobody was told of, and throws LOG_DAMAGED if a later block proves that they were durable.
 *
 * Who reads beside the writer may read a place before a block is written there, and the place behind it after the next
 * one is. The first of the two is whole by then, so it is looked at once more before it is called damaged.
 */
export async function assertTornTail(
  file: DiskFile,
  name: string,
  offset: number,
  fileEnd: number,
  sequence: number,
): Promise<void> {
  const later = await findBlockAfter(file, offset, fileEnd, sequence);
  if (later === undefined || (await isBlockAt(file, offset, fileEnd))) return;
  throw new CodedError(
    'LOG_DAMAGED',
    `${name}, offset ${offset}: the block that holds event ${sequence} is damaged (a whole block follows at offset ${later}, so this is no torn tail). ${WHAT_TO_DO}`,
  );
}
