/** The SHA-256 of a whole file: what tells whether it is, byte for byte, the one that was sealed. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Disk } from '../ops/disk.js';
import { damagedFile } from './segment-file.js';
import type { SealedSegment } from './segment-layout.js';

const HASHED_AT_ONCE_BYTES = 1024 * 1024;

/** Size and digest (lower-case hex) of a file. Passes on the disk's errors. */
export async function digestFile(
  disk: Disk,
  path: string,
): Promise<Pick<SealedSegment, 'fileBytes' | 'sha256'>> {
  const digest = createHash('sha256');
  const file = await disk.open(path, { mode: 'read' });
  try {
    const fileBytes = await file.size();
    for (let offset = 0; offset < fileBytes; offset += HASHED_AT_ONCE_BYTES) {
      digest.update(await file.read(offset, Math.min(HASHED_AT_ONCE_BYTES, fileBytes - offset)));
    }
    return { fileBytes, sha256: digest.digest('hex') };
  } finally {
    await file.close();
  }
}

/**
 * ARCHIVE_DAMAGED unless a sealed file is as it was written. For whoever reads all of it: HDF5 was not made for files
 * that lie, and may take all memory with one, or never come back from it.
 */
export async function checkSealedFile(
  disk: Disk,
  directory: string,
  { file, sha256 }: SealedSegment,
): Promise<void> {
  const found = await digestFile(disk, join(directory, file)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw damagedFile(file, 'the file is missing', cause);
  });
  if (found.sha256 === sha256) return;
  throw damagedFile(file, 'its bytes do not have the SHA-256 that they were written with');
}
