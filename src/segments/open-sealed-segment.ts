/** Opens a sealed segment whose file a repack may have replaced since its name was read. */
import { basename, dirname, join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import type { Disk } from '../ops/disk.js';
import { readManifest } from './manifest.js';
import { sealedNameParts } from './segment-layout.js';
import { SegmentReader } from './segment-reader.js';

/** Blocking, as `SegmentReader.open`, and with its errors; `loadHdf5` must have been awaited in this thread. */
export async function openSealedSegment(disk: Disk, path: string): Promise<SegmentReader> {
  try {
    return SegmentReader.open(path, disk.blocking);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'ARCHIVE_DAMAGED') throw error;
    const firstSequence = sealedNameParts(basename(path))?.firstSequence;
    const segments = await readManifest(disk, dirname(path));
    const file = segments.find((segment) => segment.firstSequence === firstSequence)?.file;
    if (file === undefined || file === basename(path)) throw error;
    return openSealedSegment(disk, join(dirname(path), file));
  }
}
