/**
 * Lets a thread wait behind others for a processor, where the system can.
 *
 * On Linux a thread has a nice value of its own, and `setpriority` takes the id of one. Threads that it starts
 * inherit it: whoever calls this must not be the first to use the file system of Node, whose threads also sync the log.
 * With little nice a busy processor still gives a fair part: at 4 about 30 % beside one other thread, at 8 about 14 %.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

const NICE_MAX = 19;

/** Makes the thread that calls it nicer by `nice`. Where that cannot be done nothing changes, and nothing is wrong. */
export function yieldToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    makeNicer(basename(readlinkSync('/proc/thread-self')), nice);
  } catch {
    // No /proc, or not allowed: threads then share as they are.
  }
}

/** Makes this whole process nicer by `nice`: those of its threads that compile and collect garbage as well. */
export function yieldProcessToOthers(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) makeNicer(thread, nice);
  } catch {
    // As above; or a thread has ended meanwhile, and those that follow it stay as they are.
  }
}

function makeNicer(thread: string, nice: number): void {
  const id = Number(thread);
  // The id 0 would stand for the caller.
  if (id > 0) setPriority(id, Math.min(NICE_MAX, getPriority(id) + nice));
}
