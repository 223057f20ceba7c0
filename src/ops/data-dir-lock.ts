/** One owner for each data directory. The lock file's text only tells a person who holds it. */
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { type Disk, nodeDisk, readWhole } from './disk.js';

export interface DataDirLock {
  /** Lets another process take it. */
  close(): Promise<void>;
}

/** Takes the lock of a data directory, which is created if need be. Throws DATA_DIR_LOCKED if it is taken. */
export async function lockDataDir(dataDir: string, disk: Disk = nodeDisk): Promise<DataDirLock> {
  await disk.makeDirectory(dataDir);
  const path = join(dataDir, 'LOCK');
  const lock = await disk.lock(path, { waitMs: 0 });
  if (lock === undefined) {
    const owner = (await readWhole(disk, path)).toString().trim();
    throw new CodedError(
      'DATA_DIR_LOCKED',
      `The data directory is in use (${owner || 'owner unknown'}). Stop that process, or give this one another FI_DATA_DIR.`,
    );
  }
  await lock.note(`process ${process.pid}, since ${new Date().toISOString()}\n`);
  return lock;
}
