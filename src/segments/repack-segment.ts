/** Rewrites one sealed segment with another codec, into a file of its own beside the old one. */
import { basename, dirname, join } from 'node:path';
import type { Disk } from '../ops/disk.js';
import type { Codec } from './codecs/codec.js';
import { checkSealedFile } from './file-digest.js';
import { sealSegment } from './seal-segment.js';
import { damagedFile } from './segment-file.js';
import { repackedFileName, type SealedSegment } from './segment-layout.js';
import { SegmentReader } from './segment-reader.js';

export interface RepackWork {
  segment: SealedSegment;
  codec: Codec;
  /** Where the old file is and the new one is to be. */
  directory: string;
  disk: Disk;
}

/** Links read from the old file at a time. */
const BATCH = { rowsMax: 1024, bytesMax: 4 * 1024 * 1024 };

/**
 * Writes the new file durably and compares it with the old one, event by event; the manifest is the caller's. The
 * root stays the same, since no codec enters it. Blocking between batches, so it belongs into a worker thread.
 *
 * Throws ARCHIVE_DAMAGED if the old file is not what the manifest says, and the errors of `sealSegment`.
 */
export async function repackSegment({ segment, codec, directory, disk }: RepackWork): Promise<SealedSegment> {
  const path = join(directory, repackedFileName(segment));
  await checkSealedFile(disk, directory, segment);
  const repacked = await sealSegment({
    links: () => linksOf(disk, join(directory, segment.file)),
    firstSequence: segment.firstSequence,
    previousRoot: segment.previousRoot,
    codec,
    path,
    disk,
  });
  if (repacked.root === segment.root) return repacked;
  await disk.remove(path);
  await disk.syncDirectory(dirname(path));
  throw damagedFile(basename(segment.file), 'its root is not the one that the manifest lists');
}

/** Checks the chains and the root of the old file on the way. */
function* linksOf(disk: Disk, path: string): Generator<Buffer[], void> {
  const reader = SegmentReader.open(path, disk.blocking);
  try {
    yield* reader.scanLinks(BATCH);
  } finally {
    reader.close();
  }
}
