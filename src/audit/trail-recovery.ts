/** Where the trail ends, at a start: a torn last line is cut off, anything else that is wrong stops the start. */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import type { Disk } from '../ops/disk.js';
import { visitLines } from './trail-file.js';
import { GENESIS_HASH, type ReadLine, trailFileName, trailFileNumber } from './trail-format.js';

export interface TrailEnd {
  /** The number of the next entry, from 1. */
  nextNumber: number;
  /** The hash of the last line. */
  hash: string;
  /** When that was written. */
  atMs: number;
  /** The numbers of the files' first entries, in order; the last is the one that is written to. */
  files: number[];
  /** Where the last file ends. */
  endOffset: number;
  tornBytes: number;
}

export function damagedTrail(file: string, offset: number, what: string): CodedError {
  return new CodedError(
    'AUDIT_DAMAGED',
    `audit/${file}, offset ${offset}: ${what}. Run "fi-consult verify" to see all that is damaged, and restore the file from a backup; see docs/operating.md, "Damage".`,
  );
}

/** Reads the newest file of a directory. Cuts a torn tail. AUDIT_DAMAGED if it is not what was written. */
export async function recoverTrail(disk: Disk, directory: string): Promise<TrailEnd> {
  const names = await disk.list(directory);
  const files = names.flatMap((name) => trailFileNumber(name) ?? []);
  const end: TrailEnd = { nextNumber: 1, hash: GENESIS_HASH, atMs: 0, files, endOffset: 0, tornBytes: 0 };
  while (files.length > 0) {
    const number = files.at(-1) as number;
    const path = join(directory, trailFileName(number));
    await readEnd(disk, path, number, end);
    if (end.endOffset > 0) return end;
    // It was begun, and its first line never became durable: the file before it is the last.
    files.pop();
    await disk.remove(path);
    await disk.syncDirectory(directory);
  }
  return end;
}

/** Takes in the lines of a file, which must be whole up to the last one, and cuts that if it is torn. */
async function readEnd(disk: Disk, path: string, firstNumber: number, end: TrailEnd): Promise<void> {
  const name = trailFileName(firstNumber);
  let torn: ReadLine | undefined;
  let isFirst = true;
  end.nextNumber = firstNumber;
  end.endOffset = 0;
  const { endOffset, tornBytes } = await visitLines(disk, path, (read) => {
    if (torn !== undefined) throw damagedTrail(name, torn.offset, 'the line is not what was written');
    if (read.line === undefined) {
      if (!read.hasHole) throw damagedTrail(name, read.offset, 'the line is not what was written');
      torn = read;
      return true;
    }
    const { previous, number, at, entries } = read.line;
    if (number !== end.nextNumber || (!isFirst && previous !== end.hash)) {
      throw damagedTrail(name, read.offset, 'the line does not follow the one before it');
    }
    isFirst = false;
    end.nextNumber = number + entries.length;
    end.hash = read.hash;
    end.atMs = Date.parse(at);
    end.endOffset = read.end;
    return true;
  });
  const cut = endOffset + tornBytes - end.endOffset;
  if (cut === 0) return;
  end.tornBytes += cut;
  const file = await disk.open(path, { mode: 'write' });
  try {
    await file.truncate(end.endOffset);
    await file.sync();
  } finally {
    await file.close();
  }
}
