/**
 * One owner for each data directory.
 *
 * The lock is the kernel's own, on an open file: it ends with the process, however that ends, so that no stale
 * lock is ever left behind. The file's text only tells a person who holds it.
 */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';

export interface DataDirLock {
  /** Lets another process take it. */
  close(): Promise<void>;
}

async function loadTryLock(): Promise<(fd: number) => boolean> {
  try {
    return (await import('fs-native-extensions')).tryLock;
  } catch (cause) {
    throw new CodedError(
      'NATIVE_MODULE_MISSING',
      'File locks need the package fs-native-extensions, which has no build for this platform: the data directory cannot be protected, so the service does not start.',
      { cause },
    );
  }
}

/** Takes the lock of a data directory, which is created if need be. Throws DATA_DIR_LOCKED if it is taken. */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const tryLock = await loadTryLock();
  await fs.mkdir(dataDir, { recursive: true, mode: 0o750 });
  const file = await fs.open(join(dataDir, 'LOCK'), 'a+');
  if (!tryLock(file.fd)) {
    const owner = (await file.readFile('utf8')).trim();
    await file.close();
    throw new CodedError(
      'DATA_DIR_LOCKED',
      `The data directory is in use (${owner || 'owner unknown'}). Stop that process, or give this one another FI_DATA_DIR.`,
    );
  }
  await file.truncate(0);
  await file.write(`process ${process.pid}, since ${new Date().toISOString()}\n`);
  return { close: () => file.close() };
}
