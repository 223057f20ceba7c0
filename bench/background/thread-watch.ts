/** How many threads a process has while something is measured, from /proc/PID/task. */
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A thread that seals lives for some tens of milliseconds at least. */
const LOOK_MS = 10;

/** Looks at a process until it is stopped. */
export class ThreadWatch {
  /** Each count that was seen, with how many looks saw it. */
  private readonly looks = new Map<number, number>();
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(private readonly pid: number) {
    this.done = this.run();
  }

  /** Resolves with how many looks saw which count of threads: nothing where there is no /proc. */
  async stop(): Promise<ReadonlyMap<number, number>> {
    this.isOver = true;
    await this.done;
    return this.looks;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const threads = await readdir(`/proc/${this.pid}/task`).catch(() => undefined);
      if (threads === undefined) return;
      this.looks.set(threads.length, (this.looks.get(threads.length) ?? 0) + 1);
      await delay(LOOK_MS);
    }
  }
}
