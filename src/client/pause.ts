/** Waiting before something is tried again. */

const FIRST_WAIT_MS = 100;
const WAIT_MS_MAX = 10_000;

/**
 * How long to wait before the next try, in milliseconds: doubling from 100 ms up to 10 s, shortened at random by up
 * to half so that many do not come back at once, and never shorter than `atLeastMs`.
 */
export function backoffMs(failures: number, atLeastMs = 0): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), WAIT_MS_MAX);
  return Math.max(wait * (0.5 + Math.random() / 2), atLeastMs);
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
