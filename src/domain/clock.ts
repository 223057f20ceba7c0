/** The time that events are stamped with: it never goes back, whatever the machine's clock does. */

/** Milliseconds since 1970. */
export type Clock = () => number;

export interface MonotonicClock extends Clock {
  /** From now on never gives less than this. */
  notBefore(timeMs: number): void;
}

/** A clock that never gives less than it gave before. */
export function monotonicClock(now: Clock = Date.now): MonotonicClock {
  let last = 0;
  const clock = (): number => {
    last = Math.max(last, now());
    return last;
  };
  const notBefore = (timeMs: number): void => {
    last = Math.max(last, timeMs);
  };
  return Object.assign(clock, { notBefore });
}
