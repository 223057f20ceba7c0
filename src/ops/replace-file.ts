/** Small files that are replaced as a whole, through the disk's port. */
import type { Disk } from './disk.js';

/**
 * Replaces `name` in a directory, durably and atomically: whoever reads it, also after a stop at any moment, finds
 * the old text or the new one. `isPrivate`: nobody but the owner may read it. Passes on the disk's errors; the old file
 * then holds.
 */
export async function replaceFile(
  disk: Disk,
  { directory, name, text, isPrivate = false }: ReplacedFile,
): Promise<void> {
  const path = `${directory}/${name}`;
  const unplaced = `${path}.tmp`;
  await disk.remove(unplaced);
  const file = await disk.open(unplaced, { mode: 'create', isPrivate });
  try {
    await file.write(Buffer.from(text), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(unplaced, path);
  await disk.syncDirectory(directory);
}

export interface ReplacedFile {
  directory: string;
  name: string;
  text: string;
  isPrivate?: boolean;
}
