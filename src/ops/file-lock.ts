/**
 * The one file that imports fs-native-extensions: locks of the kernel on open files.
 *
 * Such a lock ends with its process, however that ends, so that no stale lock is ever left behind. Two locks on
 * one file exclude each other within a process too.
 */
import * as fs from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../domain/errors.js';

export interface FileLock {
  /** Replaces the file's text, which only tells a person who holds it. */
  note(text: string): Promise<void>;
  /** Lets another take it. */
  close(): Promise<void>;
}

const POLL_MS = 5;

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

/**
 * Takes the lock of a file, which is made if need be, and waits up to `waitMs` for it. `undefined` if somebody else
 * still holds it then. Throws NATIVE_MODULE_MISSING, and passes on errors of the file system.
 */
export async function lockFile(path: string, { waitMs }: { waitMs: number }): Promise<FileLock | undefined> {
  const tryLock = await loadTryLock();
  const file = await fs.open(path, 'a+', 0o640);
  const givenUpMs = performance.now() + waitMs;
  try {
    while (!tryLock(file.fd)) {
      if (performance.now() >= givenUpMs) {
        await file.close();
        return undefined;
      }
      await delay(POLL_MS);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  const note = async (text: string): Promise<void> => {
    await file.truncate(0);
    await file.write(text);
  };
  return { note, close: () => file.close() };
}
