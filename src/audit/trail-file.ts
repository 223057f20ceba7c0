/** Goes through one file of the trail, line by line, without holding the event loop or the file in memory. */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { limits } from '../domain/limits.js';
import type { Disk, DiskFile } from '../ops/disk.js';
import { type ReadLine, readLines } from './trail-format.js';

/** How a file ends: where its last newline is, and how many bytes stand after it. */
export interface FileEnd {
  endOffset: number;
  tornBytes: number;
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * Calls `visit` with each line that ends with a newline, up to `byteCount` bytes of the file, until it returns false:
 * then the end is that of the last line that was visited.
 */
export async function visitLines(
  disk: Disk,
  path: string,
  visit: (line: ReadLine) => boolean,
  byteCount = Number.POSITIVE_INFINITY,
): Promise<FileEnd> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    return await visitFile(file, visit, Math.min(await file.size(), byteCount));
  } finally {
    await file.close();
  }
}

async function visitFile(
  file: DiskFile,
  visit: (line: ReadLine) => boolean,
  fileEnd: number,
): Promise<FileEnd> {
  let endOffset = 0;
  let windowBytes = WINDOW_BYTES;
  let turnStartedMs = performance.now();
  while (endOffset < fileEnd) {
    const bytes = await file.read(endOffset, Math.min(windowBytes, fileEnd - endOffset));
    const before = endOffset;
    for (const line of readLines(bytes, endOffset)) {
      endOffset = line.end;
      if (!visit(line)) return { endOffset, tornBytes: 0 };
      if (performance.now() - turnStartedMs < limits.turnMs) continue;
      await endOfTurn();
      turnStartedMs = performance.now();
    }
    if (endOffset > before) continue;
    if (endOffset + bytes.length >= fileEnd) break;
    // A line longer than what was read: look further.
    windowBytes *= 2;
  }
  return { endOffset, tornBytes: fileEnd - endOffset };
}
