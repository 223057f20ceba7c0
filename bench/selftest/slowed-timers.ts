/**
 * Stage timers that can make a stage slower: they keep the processor busy for a share of what the stage just took,
 * at its end, and count that as part of it. For one request at a time.
 */
import type { Stage, StageTimers } from '../../src/ops/stage-timers.js';

export interface SlowedTimers extends StageTimers {
  /** From now on the stage takes longer by this share of its own time; 0 is as it is. */
  slow(stage: Stage, share: number): void;
}

/** What is recorded by it is recorded by `timers`. */
export function slowedTimers(timers: StageTimers): SlowedTimers {
  let slowed: Stage = 'ingest';
  let slowedBy = 0;
  /** The last delay: it may lie inside the next stage, which was begun before the one at fault was recorded. */
  let delayedAtMs = 0;
  let delayedMs = 0;

  function recordMs(stage: Stage, durationMs: number): void {
    if (stage !== slowed || slowedBy === 0) {
      timers.recordMs(stage, durationMs);
      return;
    }
    const started = performance.now();
    const until = started + durationMs * slowedBy;
    let now = started;
    while (now < until) now = performance.now();
    delayedAtMs = started;
    delayedMs = now - started;
    timers.recordMs(stage, durationMs + delayedMs);
  }

  function record(stage: Stage, startMs: number): void {
    const durationMs = performance.now() - startMs;
    recordMs(stage, delayedAtMs >= startMs ? durationMs - delayedMs : durationMs);
  }

  return {
    ...timers,
    record,
    recordMs,
    time(stage, work) {
      const startMs = performance.now();
      try {
        return work();
      } finally {
        record(stage, startMs);
      }
    },
    slow(stage, share) {
      slowed = stage;
      slowedBy = share;
      delayedAtMs = 0;
    },
  };
}
