/**
 * Lets a thread wait behind others for a processor, where the system can.
 *
 * On Linux a thread has a nice value of its own, and `setpriority` takes the id of one. Threads that it starts
 * inherit it: whoever calls this must not be the first to use the file system of Node, whose threads also sync the log.
 * With little nice a busy processor still gives a fair part: at 4 about 30 % beside one other thread, at 8 about 14 %.
 */
import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

const NICE_MAX = 19;

/** Makes the thread that calls it nicer by `nice`. Where that cannot be done nothing changes, and nothing is wrong. */
export function yieldToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    const id = Number(basename(readlinkSync('/proc/thread-self')));
    // The id 0 would stand for the whole process.
    if (id > 0) setPriority(id, Math.min(NICE_MAX, getPriority(id) + nice));
  } catch {
    // No /proc, or not allowed: threads then share as they are.
  }
}
