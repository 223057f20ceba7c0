/** Lets threads that nobody waits for give way to those that answer requests. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** About a tenth of the weight of a thread at the usual priority, when both want the same core. */
const BACKGROUND_NICE = 10;

/**
 * Lowers the priority of the calling thread, and of no other. Linux keeps one for each thread (setpriority(2), "C
 * library/kernel differences"); where that cannot be had, the thread goes on as it is.
 */
export function runInBackground(): void {
  try {
    // Such as 1234/task/1240.
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, BACKGROUND_NICE);
  } catch {
    // Not Linux, or not allowed: sealing then competes with requests for a core, which is slower, not wrong.
  }
}
