/**
 * Where the time of an append goes: one histogram for each stage of the latency budget.
 *
 * A histogram (HdrHistogram, 3 significant digits) keeps every duration from 1 µs to 60 s in 150 KB, and costs
 * tens of nanoseconds a recording, so that all requests are timed and not a sample of them. Counts are doubles:
 * 32 bits would be full in two days at 25,000 events/s.
 */
import { Float64Histogram } from 'hdr-histogram-js';

/**
 * `ingest`: parse, validate, ids, time. `segment`: type, metadata, policy. `hash`. `persist`: encode, journal,
 * fdatasync. `total`: the whole request.
 */
export const STAGES = ['ingest', 'segment', 'hash', 'persist', 'total'] as const;
export type Stage = (typeof STAGES)[number];

const MICROSECONDS_MAX = 60_000_000;

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
  const perStage = <T>(make: () => T): Record<Stage, T> =>
    Object.fromEntries(STAGES.map((stage) => [stage, make()])) as Record<Stage, T>;
  const histograms = perStage(() => {
    const histogram = new Float64Histogram(1, MICROSECONDS_MAX, 3);
    histogram.autoResize = false;
    return histogram;
  });
  const sumsMs = perStage(() => ({ value: 0 }));

  function recordMs(stage: Stage, durationMs: number): void {
    const microseconds = Math.max(0, Math.round(durationMs * 1000));
    histograms[stage].recordValue(Math.min(microseconds, MICROSECONDS_MAX));
    sumsMs[stage].value += durationMs;
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
    summary: (stage, bounds = []) => summarise(histograms[stage], sumsMs[stage].value / 1000, bounds),
    counts() {
      const entries = STAGES.map((stage) => {
        return [stage, { sumMs: sumsMs[stage].value, counts: countsOf(histograms[stage]) }] as const;
      });
      return Object.fromEntries(entries) as Record<Stage, (typeof entries)[number][1]>;
    },
    add(others) {
      for (const stage of STAGES) {
        const { sumMs, counts } = others[stage];
        sumsMs[stage].value += sumMs;
        for (let at = 0; at < counts.length; at += 2) {
          const value = histograms[stage].valueFromIndex(counts[at] as number);
          histograms[stage].recordValueWithCount(value, counts[at + 1] as number);
        }
      }
    },
  };
}

function countsOf(histogram: Float64Histogram): number[] {
  const counts: number[] = [];
  let passed = 0;
  for (let index = 0; index < histogram.countsArrayLength && passed < histogram.totalCount; index += 1) {
    const here = histogram.getCountAtIndex(index);
    if (here > 0) counts.push(index, here);
    passed += here;
  }
  return counts;
}

/** One pass over the counts, about 0.1 ms, where the library's own iterators take ten times that. */
function summarise(histogram: Float64Histogram, sum: number, bounds: readonly number[]): StageSummary {
  const count = histogram.totalCount;
  const ranks = [0.5, 0.95, 0.99].map((quantile) => Math.max(1, Math.ceil(quantile * count)));
  const percentiles = [0, 0, 0];
  const atMost = bounds.map(() => 0);
  let passed = 0;
  let nextRank = 0;
  let nextBound = 0;
  for (let index = 0; index < histogram.countsArrayLength && passed < count; index += 1) {
    const here = histogram.getCountAtIndex(index);
    if (here === 0) continue;
    const seconds = histogram.valueFromIndex(index) / 1e6;
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
  return { count, sum, mean: count === 0 ? 0 : sum / count, p50, p95, p99, atMost };
}
