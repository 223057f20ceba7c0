/** The time that events are stamped with: it never goes back, whatever the machine's clock does. */

/** Milliseconds since 1970, never less than a value it gave before. */
export type Clock = () => number;

/** A clock that starts no earlier than `notBeforeMs` (the last stored event's time). */
export function monotonicClock(notBeforeMs = 0, now: Clock = Date.now): Clock {
  let last = notBeforeMs;
  return () => {
    last = Math.max(last, now());
    return last;
  };
}
