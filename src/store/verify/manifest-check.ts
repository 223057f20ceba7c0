/** Reads the manifest as a check does: every byte counts, and without it the files speak for themselves. */
import { join } from 'node:path';
import { CodedError } from '../../domain/errors.js';
import { type Disk, readWhole } from '../../ops/disk.js';
import { loadHdf5 } from '../../segments/hdf5.js';
import { MANIFEST_FILE, manifestText, readManifest } from '../../segments/manifest.js';
import { damagedFile } from '../../segments/segment-file.js';
import { GENESIS_ROOT, isSealedFileName, type SealedSegment } from '../../segments/segment-layout.js';
import { SegmentReader } from '../../segments/segment-reader.js';
import { SEGMENTS } from './data-directory.js';
import { type Damage, unreadable, type VerifyReport } from './verify-report.js';

export interface ManifestFindings {
  /** Oldest first; empty when there is no manifest or it is damaged. */
  segments: readonly SealedSegment[];
  isThere: boolean;
  bytes: number;
  damage: Damage | undefined;
}

/** Reads the manifest in the folder of the segments. */
export async function checkManifest(disk: Disk, directory: string): Promise<ManifestFindings> {
  const file = `${SEGMENTS}/${MANIFEST_FILE}`;
  const found = { segments: [], isThere: true, bytes: 0, damage: undefined };
  try {
    const segments = await readManifest(disk, directory);
    const text = await readWhole(disk, join(directory, MANIFEST_FILE)).catch(ignoreMissing);
    if (text === undefined) return { ...found, isThere: false };
    const bytes = text.length;
    if (text.equals(Buffer.from(manifestText(segments)))) return { ...found, segments, bytes };
    // It may have been replaced between the two readings; a difference that stays is one.
    const again = await readManifest(disk, directory);
    if (manifestText(again) !== manifestText(segments)) return checkManifest(disk, directory);
    return { segments, isThere: true, bytes, damage: { file, what: 'its text is not as it was written' } };
  } catch (error) {
    const what = error instanceof CodedError ? error.message : unreadable(error);
    return { ...found, damage: { file, what } };
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/**
 * What the sealed files say of themselves, in order; for want of a manifest, which alone knows their SHA-256.
 * Files that cannot be opened, or do not follow the one before, are reported.
 */
export async function segmentsOfFiles(
  disk: Disk,
  names: readonly string[],
  directory: string,
  report: VerifyReport,
): Promise<SealedSegment[]> {
  const segments: SealedSegment[] = [];
  const sealed = names.filter(isSealedFileName);
  if (sealed.length > 0) await loadHdf5();
  for (const name of sealed) {
    const file = `${SEGMENTS}/${name}`;
    try {
      const segment = segmentOfFile(disk, join(directory, name), name);
      const before = segments.at(-1);
      const { lastSequence, root } = before ?? { lastSequence: 0, root: GENESIS_ROOT };
      segments.push(segment);
      if (segment.firstSequence === lastSequence + 1 && segment.previousRoot === root) continue;
      report.damage({
        file,
        sequence: segment.firstSequence,
        what: `it does not follow ${before?.file ?? 'the start of the store'}`,
      });
    } catch (error) {
      report.damage({ file, what: error instanceof CodedError ? error.message : unreadable(error) });
    }
  }
  return segments;
}

function segmentOfFile(disk: Disk, path: string, file: string): SealedSegment {
  const reader = SegmentReader.open(path, disk.blocking);
  try {
    const { attributes } = reader;
    if (attributes.state !== 'sealed') throw damagedFile(file, 'it is not sealed, and its name says so');
    const { firstSequence, eventCount, codec, previousRoot, root } = attributes;
    const fileBytes = sizeOf(disk, path);
    const lastSequence = firstSequence + eventCount - 1;
    const unknown = { payloadBytes: 0, linkBytes: 0, sha256: '' };
    return {
      file,
      firstSequence,
      lastSequence,
      eventCount,
      codec,
      previousRoot,
      root,
      fileBytes,
      ...unknown,
    };
  } finally {
    reader.close();
  }
}

function sizeOf(disk: Disk, path: string): number {
  const file = disk.blocking.open(path, 'read');
  try {
    return file.status().bytes;
  } finally {
    file.close();
  }
}
