/** Many waits of 1 ms at the same time, in plain JavaScript that every runtime has. */

export interface Waits {
  perSecond: number;
  /** How much longer than 1 ms each took, in milliseconds, ascending. */
  lateMs: Float64Array;
}

/** Of so many waits the lateness is kept; more are only counted. */
const KEPT_MAX = 2_000_000;

/** Keeps `concurrent` waits going for so many seconds: each one that ends is followed by the next. */
export async function measureWaits(concurrent: number, seconds: number): Promise<Waits> {
  const late = new Float64Array(KEPT_MAX);
  let count = 0;
  const started = performance.now();
  const until = started + seconds * 1000;
  const wait = async (): Promise<void> => {
    for (let begun = started; begun < until; ) {
      begun = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (count < KEPT_MAX) late[count] = Math.max(0, performance.now() - begun - 1);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrent }, wait));
  const elapsed = (performance.now() - started) / 1000;
  return { perSecond: count / elapsed, lateMs: late.slice(0, count).sort() };
}
