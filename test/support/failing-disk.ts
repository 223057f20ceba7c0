/** A disk that fails from some operation on, as it looks to whoever is interrupted there. */
import { type Disk, type DiskFile, nodeDisk } from '../../src/ops/disk.js';

export interface FailingDisk {
  disk: Disk;
  /** Whether it came to that. */
  isFailed: () => boolean;
}

/** The machine's disk, whose operations fail from the one after `failAt` on. */
export function failingDisk(failAt: number): FailingDisk {
  let count = 0;
  const step = async <T>(operation: () => Promise<T>): Promise<T> => {
    count += 1;
    if (count > failAt) throw Object.assign(new Error('injected'), { code: 'EIO' });
    return operation();
  };
  const wrapped = (file: DiskFile): DiskFile => ({
    ...file,
    write: (data, offset) => step(() => file.write(data, offset)),
    read: (offset, length) => step(() => file.read(offset, length)),
    size: () => step(() => file.size()),
    sync: () => step(() => file.sync()),
  });
  const disk: Disk = {
    ...nodeDisk,
    open: (path, options) => step(async () => wrapped(await nodeDisk.open(path, options))),
    list: (directory) => step(() => nodeDisk.list(directory)),
    rename: (from, to) => step(() => nodeDisk.rename(from, to)),
    remove: (path) => step(() => nodeDisk.remove(path)),
    syncDirectory: (directory) => step(() => nodeDisk.syncDirectory(directory)),
  };
  return { disk, isFailed: () => count > failAt };
}
