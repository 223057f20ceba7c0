/** One owner for each data directory. The lock file's text only tells a person who holds it. */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { nodeDisk } from './disk.js';
import { lockFile } from './file-lock.js';

export interface DataDirLock {
  /** Lets another process take it. */
  close(): Promise<void>;
}

/** Takes the lock of a data directory, which is created if need be. Throws DATA_DIR_LOCKED if it is taken. */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  await nodeDisk.makeDirectory(dataDir);
  const path = join(dataDir, 'LOCK');
  const lock = await lockFile(path, { waitMs: 0 });
  if (lock === undefined) {
    const owner = (await fs.readFile(path, 'utf8')).trim();
    throw new CodedError(
      'DATA_DIR_LOCKED',
      `The data directory is in use (${owner || 'owner unknown'}). Stop that process, or give this one another FI_DATA_DIR.`,
    );
  }
  await lock.file.truncate(0);
  await lock.file.write(`process ${process.pid}, since ${new Date().toISOString()}\n`);
  return lock;
}
