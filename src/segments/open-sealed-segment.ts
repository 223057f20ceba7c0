/** Opens a sealed segment, to read all of it, whose file a repack may have replaced since its name was read. */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import type { Disk } from '../ops/disk.js';
import { checkSealedFile } from './file-digest.js';
import { readManifest } from './manifest.js';
import type { SealedSegment } from './segment-layout.js';
import { SegmentReader } from './segment-reader.js';

/**
 * Blocking, as `SegmentReader.open`, and with its errors; `loadHdf5` must have been awaited in this thread. Also
 * ARCHIVE_DAMAGED if a byte of the file is not as it was written.
 */
export async function openSealedSegment(
  disk: Disk,
  directory: string,
  segment: SealedSegment,
): Promise<SegmentReader> {
  try {
    await checkSealedFile(disk, directory, segment);
    return SegmentReader.open(join(directory, segment.file), disk.blocking);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'ARCHIVE_DAMAGED') throw error;
    const segments = await readManifest(disk, directory);
    const listed = segments.find(({ firstSequence }) => firstSequence === segment.firstSequence);
    if (listed === undefined || listed.file === segment.file) throw error;
    return openSealedSegment(disk, directory, listed);
  }
}
