/**
 * Where the time of an append goes: one histogram for each stage of the latency budget.
 *
 * A recording costs some tens of nanoseconds, so that all requests are timed and not a sample of them: `bench:timers` has
 * the figures.
 */
import { countDuration, type DurationCounts, durationAt, noDurations } from './duration-counts.js';

/**
 * `ingest`: parse, validate, ids, time. `segment`: type, metadata, policy. `hash`. `persist`: encode, journal,
 * fdatasync. `total`: the whole request.
 */
export const STAGES = ['ingest', 'segment', 'hash', 'persist', 'total'] as const;
export type Stage = (typeof STAGES)[number];

/** Since the process started. Times are in seconds. */
export interface StageSummary {
  count: number;
  sum: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  /** How many took no longer than each of the bounds that were asked for; exact to 0.1 % of the bound. */
  atMost: number[];
}

/** What the timers of a process hold, as plain data: of each stage its sum, and place and count by turns. */
export type StageCounts = Readonly<Record<Stage, { sumMs: number; counts: readonly number[] }>>;

export interface StageTimers {
  /** Records the time from `startMs`, a value of `performance.now()`, until now. */
  record(stage: Stage, startMs: number): void;
  /** Records a duration in milliseconds. */
  recordMs(stage: Stage, durationMs: number): void;
  /** Runs a function and records its time, whether it succeeds or not. */
  time<T>(stage: Stage, work: () => T): T;
  /** Counts, mean and percentiles of a stage. `bounds` are in seconds, ascending. */
  summary(stage: Stage, bounds?: readonly number[]): StageSummary;
  counts(): StageCounts;
  /** Takes in what the timers of another process hold. */
  add(counts: StageCounts): void;
}

/** Makes the timers of a process. */
export function createStageTimers(): StageTimers {
  // A map, since a property by a name that varies costs several times as much to look up.
  const stages = new Map(STAGES.map((stage) => [stage, noDurations()]));
  const of = (stage: Stage): DurationCounts => stages.get(stage) as DurationCounts;

  function recordMs(stage: Stage, durationMs: number): void {
    countDuration(of(stage), durationMs);
  }

  function record(stage: Stage, startMs: number): void {
    recordMs(stage, performance.now() - startMs);
  }

  return {
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
    summary: (stage, bounds = []) => summarise(of(stage), bounds),
    counts() {
      const entries = STAGES.map((stage) => {
        return [stage, { sumMs: of(stage).sumMs, counts: placesAndCounts(of(stage)) }] as const;
      });
      return Object.fromEntries(entries) as Record<Stage, (typeof entries)[number][1]>;
    },
    add(others) {
      for (const stage of STAGES) {
        const { sumMs, counts } = others[stage];
        const kept = of(stage);
        kept.sumMs += sumMs;
        for (let at = 0; at < counts.length; at += 2) {
          const [place, count] = [counts[at] as number, counts[at + 1] as number];
          kept.byPlace[place] = (kept.byPlace[place] as number) + count;
          kept.total += count;
        }
      }
    },
  };
}

function placesAndCounts({ byPlace, total }: DurationCounts): number[] {
  const counts: number[] = [];
  let passed = 0;
  for (let place = 0; place < byPlace.length && passed < total; place += 1) {
    const here = byPlace[place] as number;
    if (here > 0) counts.push(place, here);
    passed += here;
  }
  return counts;
}

/** One pass over the counts, about 0.1 ms. */
function summarise(
  { byPlace, total: count, sumMs }: DurationCounts,
  bounds: readonly number[],
): StageSummary {
  const ranks = [0.5, 0.95, 0.99].map((quantile) => Math.max(1, Math.ceil(quantile * count)));
  const percentiles = [0, 0, 0];
  const atMost = bounds.map(() => 0);
  let passed = 0;
  let nextRank = 0;
  let nextBound = 0;
  for (let place = 0; place < byPlace.length && passed < count; place += 1) {
    const here = byPlace[place] as number;
    if (here === 0) continue;
    const seconds = durationAt(place) / 1e6;
    while (nextBound < bounds.length && (bounds[nextBound] as number) < seconds) {
      atMost[nextBound] = passed;
      nextBound += 1;
    }
    passed += here;
    while (nextRank < ranks.length && passed >= (ranks[nextRank] as number)) {
      percentiles[nextRank] = seconds;
      nextRank += 1;
    }
  }
  atMost.fill(passed, nextBound);
  const [p50 = 0, p95 = 0, p99 = 0] = percentiles;
  const sum = sumMs / 1000;
  return { count, sum, mean: count === 0 ? 0 : sum / count, p50, p95, p99, atMost };
}
