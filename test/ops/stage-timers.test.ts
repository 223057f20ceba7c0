import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStageTimers, STAGES, type StageTimers } from '../../src/ops/stage-timers.js';

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= expected * 0.002, `${actual} is near ${expected}`);

test('has no durations before the first', () => {
  const timers = createStageTimers();
  for (const stage of STAGES) {
    const nothing = { count: 0, sum: 0, mean: 0, p50: 0, p95: 0, p99: 0, atMost: [0, 0] };
    assert.deepEqual(timers.summary(stage, [0.1, 1]), nothing);
  }
});

test('keeps the percentiles of each stage apart, to three digits', () => {
  const timers = createStageTimers();
  for (let ms = 1; ms <= 1000; ms += 1) timers.recordMs('persist', ms);
  const { count, mean, sum, p50, p95, p99 } = timers.summary('persist');
  assert.equal(count, 1000);
  near(mean, 0.5005);
  near(sum, 500.5);
  near(p50, 0.5);
  near(p95, 0.95);
  near(p99, 0.99);
  assert.equal(timers.summary('hash').count, 0);
});

test('counts how many took no longer than a bound, whatever lies between the bounds', () => {
  const timers = createStageTimers();
  for (const ms of [0, 0.04, 0.05, 0.06, 1, 1, 9000, 70_000]) timers.recordMs('total', ms);
  const { atMost, count } = timers.summary('total', [0.00005, 0.0001, 0.0002, 1, 10, 100]);
  assert.deepEqual(atMost, [3, 4, 4, 6, 7, 8]);
  assert.equal(count, 8);
});

test('counts a duration past its range as the longest, and one below zero as none', () => {
  const timers = createStageTimers();
  timers.recordMs('ingest', 3_600_000);
  timers.recordMs('hash', -5);
  near(timers.summary('ingest').p50, 60);
  assert.equal(timers.summary('hash').p99, 0);
});

test('times work that succeeds and work that fails, and gives back what it gives', () => {
  const timers = createStageTimers();
  assert.equal(
    timers.time('hash', () => 7),
    7,
  );
  assert.throws(() =>
    timers.time('hash', () => {
      throw new Error('no');
    }),
  );
  timers.record('segment', performance.now() - 20);
  assert.equal(timers.summary('hash').count, 2);
  assert.ok(timers.summary('segment').p50 >= 0.0199);
});

test('takes in what the timers of other processes hold, as if all had been recorded here', () => {
  const [one, other, all, joined] = [0, 1, 2, 3].map(createStageTimers) as [
    StageTimers,
    StageTimers,
    StageTimers,
    StageTimers,
  ];
  [0, 0.0625, 1, 7, 9000, 70_000].forEach((ms, index) => {
    (index % 2 === 0 ? one : other).recordMs('total', ms);
    all.recordMs('total', ms);
  });
  other.recordMs('hash', 3);
  all.recordMs('hash', 3);
  // What crosses a socket is plain data.
  for (const timers of [one, other]) joined.add(JSON.parse(JSON.stringify(timers.counts())));
  for (const stage of STAGES) {
    const bounds = [0.0001, 0.01, 10];
    assert.deepEqual(joined.summary(stage, bounds), all.summary(stage, bounds));
  }
});
