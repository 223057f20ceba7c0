/**
 * A small disk of its own, in memory, that can really be full: a tmpfs in a mount namespace, which needs no root
 * where the kernel lets users have namespaces (Linux, `unshare` and `nsenter` of util-linux).
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const FILLER_STEP_BYTES = 64 * 1024;
/** The mount lives as long as this process does, which ends with its standard input. */
const MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat';

export interface SmallDisk {
  /** Where it is, to whoever runs `within` it. */
  readonly directory: string;
  /** The command that runs another one where the disk is mounted. */
  readonly within: readonly string[];
  /** Fills it to the last byte with a file; gives the function that removes the file again. */
  fill(): Promise<() => Promise<void>>;
  /** Takes it away with all that is on it. Processes that use it must have ended. */
  close(): Promise<void>;
}

/** Mounts one of `sizeBytes` over an empty directory. Where that cannot be, gives the reason as a few words. */
export async function smallDisk(directory: string, sizeBytes: number): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return `there are no mount namespaces on ${process.platform}`;
  const args = ['-rm', 'sh', '-c', MOUNT, 'sh', String(sizeBytes), directory];
  const holder = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const reason = 'no right to mount a file system in a namespace of its own (unshare -rm)';
  if (!(await isMounted(holder)) || holder.pid === undefined) return reason;
  const exited = once(holder, 'exit');
  // How it is seen from outside of its namespace.
  const outside = join(`/proc/${holder.pid}/root`, directory);
  return {
    directory,
    within: ['nsenter', '-t', String(holder.pid), '--user', '--preserve-credentials', '--mount'],
    async fill() {
      const filler = join(outside, 'filler');
      await fillUp(filler);
      return () => rm(filler);
    },
    async close() {
      holder.stdin.end();
      await exited;
    },
  };
}

async function isMounted(holder: ChildProcessByStdio<Writable, Readable, null>): Promise<boolean> {
  return new Promise((resolve) => {
    holder.once('error', () => resolve(false));
    holder.once('exit', () => resolve(false));
    holder.stdout.once('data', () => resolve(true));
  });
}

async function fillUp(path: string): Promise<void> {
  for (let bytes = FILLER_STEP_BYTES; bytes > 0; ) {
    try {
      await writeFile(path, Buffer.alloc(bytes, 1), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      bytes = Math.floor(bytes / 16);
    }
  }
}
