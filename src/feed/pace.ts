/** Keeps long work to a share of the event loop's time, so that those who write are never behind it. */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../domain/limits.js';

/** The shortest rest that a timer can give. */
const REST_MS_MIN = 1;

export class Pace {
  private debtMs = 0;

  /**
   * Does one turn's work, and resolves when others have had theirs: at once after a little work, and after much
   * of it when it has rested for `limits.feedRestShare` of the time it took, what it set off included.
   */
  async turn(work: () => void): Promise<void> {
    const startedMs = performance.now();
    work();
    // Whoever was given something runs before the end of this tick; what they write goes out at the end of it.
    await endOfTick();
    await endOfTick();
    this.debtMs += (performance.now() - startedMs) * limits.feedRestShare;
    if (this.debtMs < REST_MS_MIN) return nextTurn();
    const restMs = this.debtMs;
    this.debtMs = 0;
    return delay(restMs);
  }
}

function endOfTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
