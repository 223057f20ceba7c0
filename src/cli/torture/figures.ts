/** What a run did and measured. */

export interface Figures {
  /** kill -9 under load, and before the service listened. */
  kills: number;
  killsWhileStarting: number;
  /** SIGTERM under load. */
  restarts: number;
  /** Data directories that were begun. */
  stores: number;
  eventsAcknowledged: number;
  eventsRefused: number;
  eventsUnanswered: number;
  eventsResent: number;
  /** Events read and compared; one is, again and again. */
  eventsChecked: number;
  verifyRuns: number;
  /** From the start of the process after a kill until it listened, each. */
  recoveryMs: number[];
  fullDisks: number;
  /** Appends that were refused with 507 STORAGE_FULL. */
  fullRefusals: number;
  /** From the moment there was room again until an append was acknowledged, each. */
  resumedMs: number[];
  /** Why there was no full disk. */
  fullDiskSkipped: string | undefined;
  flips: number;
  flipsRefused: number;
  flipsNamed: number;
  flipsHarmless: number;
}

export function newFigures(): Figures {
  return {
    kills: 0,
    killsWhileStarting: 0,
    restarts: 0,
    stores: 0,
    eventsAcknowledged: 0,
    eventsRefused: 0,
    eventsUnanswered: 0,
    eventsResent: 0,
    eventsChecked: 0,
    verifyRuns: 0,
    recoveryMs: [],
    fullDisks: 0,
    fullRefusals: 0,
    resumedMs: [],
    fullDiskSkipped: undefined,
    flips: 0,
    flipsRefused: 0,
    flipsNamed: 0,
    flipsHarmless: 0,
  };
}

/** Of durations in milliseconds. */
export interface Durations {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

export function durationsOf(valuesMs: readonly number[]): Durations | undefined {
  if (valuesMs.length === 0) return undefined;
  const sorted = Float64Array.from(valuesMs).sort();
  const at = (share: number): number =>
    Number((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number).toFixed(3));
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
