/** What takes how much space in a data directory, also while a service owns it. Nothing is written. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIndexProgress } from '../index/applied-sequence.js';
import { nodeDisk } from '../ops/disk.js';
import { type ColumnSize, columnSizes } from '../segments/column-sizes.js';
import { isLiveFileName, type SealedSegment } from '../segments/segment-layout.js';
import type { DirectoryReader, JournalFacts } from './directory-reader.js';

export interface DirectoryReport {
  /** The newest committed event. */
  headSequence: number;
  /** Sealed, oldest first. */
  segments: readonly SealedSegment[];
  /** Over all sealed segments, in the order of the layout. */
  columns: readonly ColumnSize[];
  journals: readonly JournalFacts[];
  liveFiles: readonly FileSize[];
  index: IndexFacts;
}

export interface FileSize {
  file: string;
  fileBytes: number;
}

export interface IndexFacts {
  fileBytes: number;
  /** The newest event in it; `undefined` if it cannot be opened. */
  appliedSequence: number | undefined;
}

/**
 * Looks at everything in a directory. `onSegment` is told after each sealed segment, which is decoded for the sizes
 * of its columns. Errors are those of the reader.
 */
export async function directoryReport(
  reader: DirectoryReader,
  dataDir: string,
  onSegment: (segment: SealedSegment) => void,
): Promise<DirectoryReport> {
  const journals = await reader.journals();
  const segments: SealedSegment[] = [];
  const columns: ColumnSize[] = [];
  for (const { firstSequence } of await reader.sealedSegments()) {
    const { segment, sizes } = await sealedSizes(reader, firstSequence);
    segments.push(segment);
    addSizes(columns, sizes);
    onSegment(segment);
  }
  const lastSealed = segments.at(-1)?.lastSequence ?? 0;
  // A journal that was sealed while this looked is among the segments: nothing is counted twice.
  const open = journals.filter(({ firstSequence }) => firstSequence > lastSealed);
  const newest = open.at(-1);
  return {
    headSequence: newest === undefined ? lastSealed : newest.firstSequence + newest.eventCount - 1,
    segments,
    columns,
    journals: open,
    liveFiles: await liveFiles(reader.segmentsDirectory),
    index: await indexFacts(join(dataDir, 'index')),
  };
}

/** The sizes of a segment's columns, and the segment as it was then: it may get another file meanwhile. */
async function sealedSizes(
  reader: DirectoryReader,
  firstSequence: number,
): Promise<{ segment: SealedSegment; sizes: ColumnSize[] }> {
  for (let failed: string | undefined; ; ) {
    const segments = await reader.sealedSegments();
    const segment = segments.find((one) => one.firstSequence === firstSequence) as SealedSegment;
    try {
      return { segment, sizes: await columnSizes(join(reader.segmentsDirectory, segment.file)) };
    } catch (error) {
      if (failed === segment.file) throw error;
      failed = segment.file;
    }
  }
}

function addSizes(totals: ColumnSize[], sizes: readonly ColumnSize[]): void {
  for (const { path, storedBytes, rawBytes } of sizes) {
    const total = totals.find((one) => one.path === path);
    if (total === undefined) totals.push({ path, storedBytes, rawBytes });
    else {
      total.storedBytes += storedBytes;
      total.rawBytes += rawBytes;
    }
  }
}

async function liveFiles(directory: string): Promise<FileSize[]> {
  const names = (await nodeDisk.list(directory)).filter(isLiveFileName);
  const sizes = await Promise.all(names.map((name) => fileBytes(join(directory, name))));
  // A live file that is gone by now was sealed.
  return names.flatMap((file, index) => {
    const bytes = sizes[index];
    return bytes === undefined ? [] : [{ file, fileBytes: bytes }];
  });
}

async function indexFacts(directory: string): Promise<IndexFacts> {
  const bytes = (await fileBytes(join(directory, 'data.mdb'))) ?? 0;
  const progress = await readIndexProgress(directory);
  return {
    fileBytes: bytes,
    appliedSequence: progress.kind === 'known' ? progress.appliedSequence : undefined,
  };
}

async function fileBytes(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
