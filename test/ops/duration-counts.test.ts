import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Float64Histogram } from 'hdr-histogram-js';
import { countDuration, durationAt, noDurations, placeOf } from '../../src/ops/duration-counts.js';

const MAX = 60_000_000;
/** Every power of two and what is around it, and some thousand others over the whole range. */
const VALUES = [
  ...Array.from({ length: 26 }, (_, power) => [2 ** power - 1, 2 ** power, 2 ** power + 1]).flat(),
  ...Array.from({ length: 3000 }, (_, index) => Math.floor(MAX ** (index / 3000))),
  MAX,
].filter((value) => value <= MAX);

test('places are those of HdrHistogram', () => {
  const histogram = new Float64Histogram(1, MAX, 3);
  for (const value of VALUES) {
    assert.equal(placeOf(value), histogram.countsArrayIndex(value), `${value} µs`);
    assert.equal(durationAt(placeOf(value)), histogram.valueFromIndex(placeOf(value)), `${value} µs`);
  }
});

test('the duration of a place is at most a thousandth below what was counted there', () => {
  for (const value of VALUES) {
    const shortest = durationAt(placeOf(value));
    assert.ok(shortest <= value && shortest >= value * 0.999, `${value} µs at ${shortest}`);
  }
});

test('every duration is counted once, rounded to microseconds, whatever it is', () => {
  const kept = noDurations();
  for (const ms of [0.0004, 0.0006, 1, 70_000, 3e9, -1]) countDuration(kept, ms);
  assert.equal(kept.total, 6);
  assert.equal(kept.byPlace[0], 2);
  assert.equal(kept.byPlace[1], 1);
  assert.equal(kept.byPlace[placeOf(1000)], 1);
  assert.equal(kept.byPlace.at(-1), 2);
});
