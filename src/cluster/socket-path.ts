/** Where the store's socket is, and how a path is made free for it. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';

/** The path that FI_SOCKET gives, or the one in the data directory. INVALID_SETTINGS if it is too long. */
export function socketPath(setting: string, dataDir: string): string {
  const path = setting === '' ? join(dataDir, 'store.sock') : setting;
  const bytes = Buffer.byteLength(path);
  if (bytes <= limits.socketPathBytesMax) return path;
  throw new CodedError(
    'INVALID_SETTINGS',
    `The path of the store's socket has ${bytes} bytes, and the system takes ${limits.socketPathBytesMax}. Set FI_SOCKET to a shorter one, such as /run/fi-consult/store.sock.`,
  );
}

/**
 * Removes the socket that a store left behind that was killed. To be called by the owner of the data directory
 * only. INVALID_SETTINGS if somebody answers there, or if it is something else than a socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new CodedError(
      'INVALID_SETTINGS',
      `FI_SOCKET names ${path}, which is no socket. Set another path.`,
    );
  }
  if (await answers(path)) {
    throw new CodedError(
      'INVALID_SETTINGS',
      `Another process serves ${path}. Give each store an FI_SOCKET of its own.`,
    );
  }
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (isAnswered: boolean) => () => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}
