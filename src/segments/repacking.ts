/**
 * What keeps a directory whole while its sealed segments are rewritten with another codec.
 *
 * Invariants:
 * - The new file has a name of its own and is in place, fsynced and read back, before the manifest lists it.
 * - The manifest changes from the old file to the new one at once; only then is the old one removed.
 * - So a file that is not listed is a leftover of an interruption. It is removed while the lock below is held, and
 *   only if the file that is listed for the same events is there in its full size.
 */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import type { Disk } from '../ops/disk.js';
import type { FileLock } from '../ops/file-lock.js';
import { readManifest } from './manifest.js';
import { type SealedSegment, sealedNameParts } from './segment-layout.js';

const LOCK_FILE = 'repack.lock';
const UNPLACED = '.tmp';

/** Takes the lock that one repack at a time has; `undefined` while another has it. */
export function lockRepacking(disk: Disk, directory: string): Promise<FileLock | undefined> {
  return disk.lock(join(directory, LOCK_FILE), { waitMs: 0 });
}

/** The same, or DATA_DIR_LOCKED. */
export async function requireRepackLock(disk: Disk, directory: string): Promise<FileLock> {
  const lock = await lockRepacking(disk, directory);
  if (lock !== undefined) return lock;
  throw new CodedError('DATA_DIR_LOCKED', 'Another repack of this directory is under way; wait for its end.');
}

/**
 * Removes what an interrupted repack left, and gives the names. Only for whoever has the lock. Passes on the errors
 * of `readManifest` and of the disk.
 */
export async function removeRepackLeftovers(disk: Disk, directory: string): Promise<string[]> {
  const segments = await readManifest(disk, directory);
  // An old file may go only once the list that does without it is on stable storage, whoever wrote that.
  if (segments.length > 0) await disk.syncDirectory(directory);
  const leftovers: string[] = [];
  for (const name of await disk.list(directory)) {
    const listed = listedInPlaceOf(name, segments);
    if (listed === undefined || !(await isWhole(disk, directory, listed))) continue;
    await disk.remove(join(directory, name));
    leftovers.push(name);
  }
  if (leftovers.length > 0) await disk.syncDirectory(directory);
  return leftovers;
}

/** The segment that a file was to become, or was before, when the manifest lists another file for it. */
function listedInPlaceOf(name: string, segments: readonly SealedSegment[]): SealedSegment | undefined {
  const isUnplaced = name.endsWith(UNPLACED);
  const parts = sealedNameParts(isUnplaced ? name.slice(0, -UNPLACED.length) : name);
  // The first file of a segment is the sealing's to write, and it is no leftover of ours before it has its place.
  if (parts === undefined || (isUnplaced && parts.revision === 0)) return undefined;
  const listed = segments.find(({ firstSequence }) => firstSequence === parts.firstSequence);
  return listed?.file === name ? undefined : listed;
}

async function isWhole(disk: Disk, directory: string, { file, fileBytes }: SealedSegment): Promise<boolean> {
  if (!(await disk.list(directory)).includes(file)) return false;
  const opened = await disk.open(join(directory, file), { mode: 'read' });
  try {
    return (await opened.size()) === fileBytes;
  } finally {
    await opened.close();
  }
}
