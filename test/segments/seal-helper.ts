/** Shortcuts to seal links and to read them back. */
import { join } from 'node:path';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { sealSegment } from '../../src/segments/seal-segment.js';
import { GENESIS_ROOT, type SealedSegment, sealedFileName } from '../../src/segments/segment-layout.js';
import { SegmentReader } from '../../src/segments/segment-reader.js';

export interface SealOverrides {
  firstSequence?: number;
  previousRoot?: string;
  codec?: string;
  disk?: Disk;
  batchSize?: number;
}

/** Seals links into a directory. */
export function seal(
  directory: string,
  links: readonly Buffer[],
  {
    firstSequence = 1,
    previousRoot = GENESIS_ROOT,
    codec = 'gzip:4',
    disk = nodeDisk,
    batchSize = 777,
  }: SealOverrides = {},
): Promise<SealedSegment> {
  function* batches(): Generator<readonly Buffer[]> {
    for (let start = 0; start < links.length; start += batchSize) yield links.slice(start, start + batchSize);
  }
  const path = join(directory, sealedFileName(firstSequence));
  return sealSegment({ links: batches, firstSequence, previousRoot, codec: parseCodec(codec), path, disk });
}

/** All links of a file. */
export async function linksOf(path: string): Promise<Buffer[]> {
  await loadHdf5();
  const reader = SegmentReader.open(path);
  try {
    return [...reader.scanLinks({ rowsMax: 1000, bytesMax: 1024 * 1024 })].flat();
  } finally {
    reader.close();
  }
}
