/**
 * How late the event loop is, and how busy: a timer that is due every millisecond says how long each turn kept it
 * waiting.
 *
 * What was due while the loop was held counts for every millisecond of it, so that one stall of 100 ms is a hundred late
 * ticks and not one (`corrected`). Timers of libuv are whole milliseconds, so that up to 1 ms is the grain of the watch.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { latency, newHistogram, recordMs, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';

const TICK_MS = 1;

/** Watches the loop that it is made in, until it is stopped. */
export class LoopWatch {
  private readonly uncorrected = newHistogram();
  private readonly corrected = newHistogram();
  private readonly utilizationBefore: EventLoopUtilization = performance.eventLoopUtilization();
  private dueMs = performance.now() + TICK_MS;
  private timer = setTimeout(() => this.tick(), TICK_MS);

  private tick(): void {
    const now = performance.now();
    recordMs(this.uncorrected, Math.max(0, now - this.dueMs));
    for (; this.dueMs <= now; this.dueMs += TICK_MS) recordMs(this.corrected, now - this.dueMs);
    this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  /** `loop_delay` and `loop_utilisation`, which is the share of the time that the loop did not rest. */
  stop(): Record<'loop_delay' | 'loop_utilisation', Measure> {
    clearTimeout(this.timer);
    const { utilization } = performance.eventLoopUtilization(this.utilizationBefore);
    return {
      loop_delay: latency(this.uncorrected, this.corrected),
      loop_utilisation: scalar(utilization, '', 'lower'),
    };
  }
}
