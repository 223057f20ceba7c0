/** What belongs into a data directory, and who owns it. */
import { join } from 'node:path';
import { trailFileNumber } from '../../audit/trail-format.js';
import { type Disk, readWhole } from '../../ops/disk.js';
import { MANIFEST_FILE } from '../../segments/manifest.js';
import { isLiveFileName, isSealedFileName, type SealedSegment } from '../../segments/segment-layout.js';
import type { VerifyReport } from './verify-report.js';

export const JOURNALS = 'journal';
export const SEGMENTS = 'segments';
export const INDEX = 'index';
export const AUDIT = 'audit';
const LOCK = 'LOCK';

/** The API keys, which are no part of the store. */
const isKeyFile = (name: string): boolean => /^keys\.(json(\.tmp)?|lock)$/.test(name);

/** The names that each folder may have. Files that end in .tmp are being made, or were when the service was killed. */
const KNOWN: Readonly<Record<string, (name: string) => boolean>> = {
  '.': (name) => [LOCK, JOURNALS, SEGMENTS, INDEX, AUDIT].includes(name) || isKeyFile(name),
  [JOURNALS]: (name) => /^\d{16}\.journal(\.tmp)?$/.test(name),
  [AUDIT]: (name) => trailFileNumber(name) !== undefined,
  [SEGMENTS]: (name) =>
    name === MANIFEST_FILE || isLiveFileName(name) || isSealedFileName(name) || /\.(tmp|lock)$/.test(name),
};

/**
 * Notes the files that no part of the service would read. `sealed` are the segments of the manifest, if there is
 * one.
 */
export async function noteStrangers(
  disk: Disk,
  dataDir: string,
  sealed: readonly SealedSegment[] | undefined,
  report: VerifyReport,
): Promise<void> {
  for (const [folder, isKnown] of Object.entries(KNOWN)) {
    for (const name of await disk.list(join(dataDir, folder))) {
      if (!isKnown(name)) report.note(`${join(folder, name)} is no file of the service`);
    }
  }
  if (sealed === undefined) return;
  const last = sealed.at(-1)?.lastSequence ?? 0;
  const listed = new Set(sealed.map(({ file }) => file));
  for (const name of await disk.list(join(dataDir, SEGMENTS))) {
    // One that is newer than the list is being sealed, or is sealed again after a stop.
    const isNewer = Number(/^segment-(\d{16})/.exec(name)?.[1]) > last;
    if (!isSealedFileName(name) || listed.has(name) || isNewer) continue;
    report.note(`${SEGMENTS}/${name} is not in the manifest and was not checked`);
  }
}

/**
 * Whether the process that the lock's text names lives. The lock itself is not tried: for a moment that would keep
 * a service from starting. It only decides how a tail is worded.
 */
export async function isOwnedByLiveProcess(disk: Disk, dataDir: string): Promise<boolean> {
  const text = await readWhole(disk, join(dataDir, LOCK)).catch(() => '');
  const pid = Number(/^process (\d+),/.exec(text.toString())?.[1]);
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
