/**
 * Disks that break a promise of the store in its place: what a store would do that acknowledged too early, left out a
 * sync, or removed something too soon. The simulation has to find each of them.
 */
import { basename, dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../../src/ops/disk.js';
import { MANIFEST_FILE } from '../../src/segments/manifest.js';
import type { BreakDisk } from './simulated-machine.js';

function withFile(disk: Disk, changed: (file: DiskFile, isDurable: boolean) => Partial<DiskFile>): Disk {
  return {
    ...disk,
    async open(path, options) {
      const file = await disk.open(path, options);
      return { ...file, ...changed(file, options.durable === true) };
    },
  };
}

export const BROKEN_DISKS = {
  'acknowledges before the write is done': (disk) =>
    withFile(disk, (file, isDurable) => ({
      write: async (data, offset) => {
        const written = file.write(data, offset);
        if (isDurable) written.catch(() => undefined);
        else await written;
      },
    })),
  'writes blocks without their sync': (disk) => ({
    ...disk,
    open: (path, { mode }) => disk.open(path, { mode }),
  }),
  'does not sync files': (disk) => withFile(disk, () => ({ sync: async () => {} })),
  'does not sync directories': (disk) => ({ ...disk, syncDirectory: async () => {} }),
  'removes the journal before the manifest lists its segment': (disk) => ({
    ...disk,
    async rename(from, to) {
      const isManifest = basename(to) === MANIFEST_FILE;
      const journals = join(dirname(dirname(to)), 'journal');
      const [oldest, next] = isManifest ? await disk.list(journals) : [];
      if (oldest !== undefined && next !== undefined) await disk.remove(join(journals, oldest));
      await disk.rename(from, to);
    },
  }),
  'deletes a journal for a list that it found, and that nobody synced': (disk) => {
    let hasListed = false;
    return {
      ...disk,
      async rename(from, to) {
        await disk.rename(from, to);
        hasListed ||= basename(to) === MANIFEST_FILE;
      },
      async syncDirectory(directory) {
        if (hasListed || basename(directory) !== 'segments') await disk.syncDirectory(directory);
      },
    };
  },
  'leaves what did not fit a full disk': (disk) => withFile(disk, () => ({ truncate: async () => {} })),
  'goes on after a write that failed': (disk) =>
    withFile(disk, (file) => ({ write: (data, offset) => file.write(data, offset).catch(() => undefined) })),
} as const satisfies Record<string, BreakDisk>;

export type BrokenDisk = keyof typeof BROKEN_DISKS;
