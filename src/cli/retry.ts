/**
 * Doing again what failed for a while only: a service that is busy, restarting, or a connection that broke.
 *
 * Only for operations that may be done twice; those of an import may, since their ids are derived.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../domain/limits.js';

const FIRST_WAIT_MS = 50;

/** What one attempt came to: a value, or an error that another attempt may not meet. */
export type Attempt<T> = { value: T } | { error: Error; retryAfterMs?: number };

export interface RetryOptions {
  /** Aborting it ends a wait at once; an attempt that is under way is not touched. */
  signal: AbortSignal;
  /** Waits; rejects when the signal aborts. Replaced by tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Attempts up to `1 + limits.importRetriesMax` times and gives the value, or rejects with the last error.
 * Waits double from 50 ms up to `limits.importRetryWaitMsMax`, each shortened at random by up to half so that
 * many do not come back at once; a wait is never shorter than `retryAfterMs` asks, within the same bound. An
 * attempt that rejects is not made again.
 */
export async function withRetries<T>(
  attempt: () => Promise<Attempt<T>>,
  { signal, wait = waitMs }: RetryOptions,
): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    if (retries === limits.importRetriesMax || signal.aborted) throw outcome.error;
    const backoffMs = FIRST_WAIT_MS * 2 ** retries * (0.5 + Math.random() / 2);
    const ms = Math.min(Math.max(backoffMs, outcome.retryAfterMs ?? 0), limits.importRetryWaitMsMax);
    try {
      await wait(ms, signal);
    } catch {
      throw outcome.error;
    }
  }
}

const waitMs = (ms: number, signal: AbortSignal): Promise<unknown> => delay(ms, undefined, { signal });
