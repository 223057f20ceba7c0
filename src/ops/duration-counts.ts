/**
 * How often which duration occurred, in whole microseconds from 0 to 60 s, to a thousandth of each.
 *
 * The places are those of an HdrHistogram with three significant digits (Gil Tene, hdrhistogram.org): each microsecond below
 * 2,048 has one, and from there on every doubling has 1,024. The place is found from the leading zeros of a 32-bit
 * number, where the library takes a logarithm and a power of doubles: a fifth of its time, on every append.
 * Counts are doubles: 32 bits would be full in two days at 25,000 events/s.
 */

const MICROSECONDS_MAX = 60_000_000;
/** Places of a doubling, as a power of two. */
const DOUBLING_BITS = 10;

export interface DurationCounts {
  readonly byPlace: Float64Array;
  total: number;
  sumMs: number;
}

/** 138 KB, all zero. */
export function noDurations(): DurationCounts {
  return { byPlace: new Float64Array(placeOf(MICROSECONDS_MAX) + 1), total: 0, sumMs: 0 };
}

/** Counts a duration in milliseconds; one past the range as the longest, and one below zero as none. */
export function countDuration(kept: DurationCounts, durationMs: number): void {
  const place = placeOf(Math.min(Math.max(durationMs * 1000 + 0.5, 0), MICROSECONDS_MAX) | 0);
  kept.byPlace[place] = (kept.byPlace[place] as number) + 1;
  kept.total += 1;
  kept.sumMs += durationMs;
}

/** The place of a whole number of microseconds. */
export function placeOf(microseconds: number): number {
  const doublings = Math.max(0, 31 - DOUBLING_BITS - Math.clz32(microseconds));
  return (doublings << DOUBLING_BITS) + (microseconds >>> doublings);
}

/** The shortest duration that is counted at a place, in microseconds. */
export function durationAt(place: number): number {
  const doublings = Math.max(0, (place >>> DOUBLING_BITS) - 1);
  return (place - (doublings << DOUBLING_BITS)) * 2 ** doublings;
}
