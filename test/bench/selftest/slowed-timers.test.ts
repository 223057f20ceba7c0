import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slowedTimers } from '../../../bench/selftest/slowed-timers.js';
import { createStageTimers, type Stage, type StageTimers } from '../../../src/ops/stage-timers.js';

/** Timers that keep what they are told. */
function keepingTimers(): { timers: StageTimers; kept: [Stage, number][] } {
  const kept: [Stage, number][] = [];
  const timers = {
    ...createStageTimers(),
    recordMs: (stage: Stage, ms: number) => void kept.push([stage, ms]),
  };
  return { timers, kept };
}

test('a slowed stage takes longer by at least its share, and no other stage is recorded longer', () => {
  const { timers, kept } = keepingTimers();
  const slowed = slowedTimers(timers);
  slowed.slow('segment', 0.5);
  const started = performance.now();
  slowed.recordMs('ingest', 4);
  slowed.recordMs('segment', 4);
  const tookMs = performance.now() - started;
  assert.deepEqual(kept[0], ['ingest', 4]);
  const [stage, recordedMs] = kept[1] ?? ['total', 0];
  assert.equal(stage, 'segment');
  assert.ok(recordedMs >= 6 && recordedMs <= 4 + tookMs, `${recordedMs}`);
});

test('a delay that falls into the next stage does not count there', () => {
  const { timers, kept } = keepingTimers();
  const slowed = slowedTimers(timers);
  slowed.slow('segment', 1);
  const decided = performance.now();
  slowed.recordMs('segment', 20);
  slowed.record('hash', decided);
  const tookMs = performance.now() - decided;
  const [, hashMs] = kept[1] ?? ['hash', Number.NaN];
  assert.ok(hashMs <= tookMs - 20, `${hashMs} of ${tookMs}`);
  const later = performance.now();
  slowed.record('persist', later);
  assert.ok((kept[2]?.[1] ?? -1) >= 0);
});

test('without a share it records what it is told', () => {
  const { timers, kept } = keepingTimers();
  const slowed = slowedTimers(timers);
  slowed.slow('hash', 0);
  slowed.recordMs('hash', 3);
  assert.deepEqual(kept, [['hash', 3]]);
});
