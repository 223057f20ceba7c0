import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Priority } from '../../../src/domain/priority.js';
import { integerBetween, type Random, seededRandom } from '../../../src/domain/seeded-random.js';
import {
  AdmissionQueue,
  CRITICAL_ONLY_MS,
  CRITICAL_WAIT_FACTOR,
  ROUTINE_SHARE,
  STANDING_SHARE,
} from '../../../src/http/admission/admission-queue.js';
import type { Load } from '../../../src/ops/load.js';
import { testSeed } from '../../domain/test-seed.js';

const LIMITS = { eventsMax: 100, bytesMax: 10_000, waitMs: 500 };
const NO_LOAD: Load = { events: 0, bytes: 0, ageMs: 0, unindexed: 0, unindexedMax: 1000 };

interface Item {
  priority: Priority;
  bytes: number;
  arrivedMs: number;
  untilMs: number;
  name: number;
}

const newQueue = (): AdmissionQueue<Item> => new AdmissionQueue<Item>(LIMITS);
const item = (priority: Priority, arrivedMs: number, name = 0, bytes = 10): Item => {
  return { priority, bytes, arrivedMs, untilMs: Number.POSITIVE_INFINITY, name };
};

function randomLoad(random: Random): Load {
  return {
    events: integerBetween(random, 0, 120),
    bytes: integerBetween(random, 0, 12_000),
    ageMs: integerBetween(random, 0, 3000),
    unindexed: integerBetween(random, 0, 1200),
    unindexedMax: 1000,
  };
}

test('never refuses a critical request in a state in which it takes a routine one', (t) => {
  const random = seededRandom(testSeed(t));
  let refusedRoutine = 0;
  let refusedCritical = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const queue = newQueue();
    if (random() < 0.5) queue.measured(20, integerBetween(random, 1, 400));
    for (let left = integerBetween(random, 0, 60); left > 0; left -= 1) {
      queue.push(item(random() < 0.3 ? 'critical' : 'routine', 0), 0);
    }
    const load = random() < 0.3 ? NO_LOAD : randomLoad(random);
    const nowMs = integerBetween(random, 0, 3000);
    const arrivedMs = nowMs - integerBetween(random, 0, nowMs);
    const bytes = integerBetween(random, 1, 4000);
    const promised = integerBetween(random, 0, 20);
    const routine = queue.refusalOf('routine', bytes, arrivedMs, load, nowMs, promised);
    const critical = queue.refusalOf('critical', bytes, arrivedMs, load, nowMs, promised);
    if (routine !== undefined) refusedRoutine += 1;
    if (critical !== undefined) refusedCritical += 1;
    assert.ok(critical === undefined || routine !== undefined, JSON.stringify({ load, nowMs, arrivedMs }));
  }
  assert.ok(refusedRoutine > refusedCritical && refusedCritical > 100, 'both were refused now and then');
});

test('gives critical requests first, and each kind in the order it came', (t) => {
  const random = seededRandom(testSeed(t));
  const queue = newQueue();
  const expected: Record<Priority, number[]> = { critical: [], routine: [] };
  for (let name = 1; name <= 20_000; name += 1) {
    if (random() < 0.55) {
      const priority = random() < 0.2 ? 'critical' : 'routine';
      queue.push(item(priority, 0, name), 0);
      expected[priority].push(name);
    } else {
      const from = expected.critical.length > 0 ? expected.critical : expected.routine;
      assert.equal(queue.take(0)?.name, from.shift());
    }
    const left = expected.critical.length + expected.routine.length;
    assert.deepEqual([queue.size, queue.byteCount], [left, left * 10]);
  }
});

test('holds no more than its bounds, what waits in the log included, and keeps a share for critical ones', (t) => {
  const random = seededRandom(testSeed(t));
  for (let round = 0; round < 200; round += 1) {
    const queue = newQueue();
    const load = {
      ...NO_LOAD,
      events: integerBetween(random, 0, 90),
      bytes: integerBetween(random, 0, 9000),
    };
    let routineEvents = 0;
    for (let left = 300; left > 0; left -= 1) {
      const priority = random() < 0.3 ? 'critical' : 'routine';
      const bytes = integerBetween(random, 1, 500);
      if (queue.refusalOf(priority, bytes, 0, load, 0) !== undefined) continue;
      queue.push(item(priority, 0, left, bytes), 0);
      if (priority === 'routine') {
        routineEvents = queue.size + load.events;
        assert.ok(queue.byteCount + load.bytes <= ROUTINE_SHARE * LIMITS.bytesMax);
      }
    }
    assert.ok(queue.size + load.events <= LIMITS.eventsMax);
    assert.ok(queue.byteCount + load.bytes <= LIMITS.bytesMax);
    assert.ok(routineEvents <= ROUTINE_SHARE * LIMITS.eventsMax);
  }
});

test('lets a burst wait for the whole limit, and a standing queue for a twentieth of it', () => {
  const queue = newQueue();
  const { waitMs } = LIMITS;
  const waitOf = (priority: Priority, nowMs: number) =>
    queue.deadlineMs(priority, nowMs - 7, nowMs) - nowMs + 7;
  assert.equal(waitOf('routine', 0), waitMs);
  queue.push(item('routine', 1000), 1000);
  queue.push(item('routine', 1200), 1200);
  assert.equal(waitOf('routine', 1000 + waitMs), waitMs);
  const standingMs = 1000 + waitMs + 1;
  assert.equal(waitOf('routine', standingMs), STANDING_SHARE * waitMs);
  assert.equal(waitOf('critical', standingMs), CRITICAL_WAIT_FACTOR * waitMs);
  queue.take(standingMs);
  queue.take(standingMs);
  queue.push(item('routine', standingMs), standingMs);
  assert.equal(waitOf('routine', standingMs), waitMs, 'it was empty in between');
  queue.refused('routine', standingMs);
  assert.equal(waitOf('routine', standingMs + waitMs - 1), STANDING_SHARE * waitMs, 'something was refused');
  queue.take(standingMs);
  assert.equal(waitOf('routine', standingMs + waitMs), waitMs);
});

test('gives what is late before all others, so that it does not hold up the answers behind it', () => {
  const queue = newQueue();
  const late = { ...item('routine', 0, 1), untilMs: 10 };
  queue.push(late, 0);
  queue.push(item('routine', 0, 2), 0);
  queue.push(item('critical', 0, 3), 0);
  assert.equal(queue.take(11), late);
  assert.deepEqual([queue.take(11)?.name, queue.take(11)?.name], [3, 2]);
});

test('refuses what would wait too long in a standing queue, by how long each takes, and lets a burst try', () => {
  const queue = newQueue();
  for (let round = 0; round < 100; round += 1) queue.measured(10, 100);
  const { waitMs } = LIMITS;
  const standingMs = waitMs + 1;
  const refusalOf = (priority: Priority, nowMs: number) =>
    queue.refusalOf(priority, 1, nowMs, NO_LOAD, nowMs);
  const room = (STANDING_SHARE * waitMs) / 10;
  for (let waiting = 0; waiting < room - 1; waiting += 1) queue.push(item('routine', 0), 0);
  assert.equal(refusalOf('routine', standingMs), undefined);
  for (let waiting = 0; waiting < 5; waiting += 1) queue.push(item('routine', 0), 0);
  assert.equal(refusalOf('routine', standingMs), 'late');
  assert.equal(refusalOf('critical', standingMs), undefined, 'it goes before them');
  assert.equal(refusalOf('routine', waitMs), undefined, 'it may be a burst');
});

test('takes and works on no routine request for a while after a critical one was refused', () => {
  const queue = newQueue();
  const waiting = item('routine', 0);
  queue.push(waiting, 0);
  queue.refused('critical', 100);
  assert.equal(queue.isLate(waiting, 100), true);
  assert.equal(queue.isLate(item('critical', 0), 100), false);
  assert.equal(queue.take(100), waiting, 'it comes first, to be dropped');
  for (const [afterMs, routine] of [
    [0, 'late'],
    [CRITICAL_ONLY_MS - 1, 'late'],
    [CRITICAL_ONLY_MS, undefined],
  ] as const) {
    const nowMs = 100 + afterMs;
    assert.equal(queue.refusalOf('routine', 1, nowMs, NO_LOAD, nowMs), routine);
    assert.equal(queue.refusalOf('critical', 1, nowMs, NO_LOAD, nowMs), undefined);
  }
});

test('counts what it promised as if it were there', () => {
  const queue = newQueue();
  const room = ROUTINE_SHARE * LIMITS.eventsMax;
  assert.equal(queue.refusalOf('routine', 1, 0, NO_LOAD, 0, room - 1), undefined);
  assert.equal(queue.refusalOf('routine', 1, 0, NO_LOAD, 0, room), 'full');
});

test('refuses routine requests when the log or the index falls behind', () => {
  const queue = newQueue();
  const refusals = (load: Partial<Load>) =>
    (['routine', 'critical'] as const).map((priority) =>
      queue.refusalOf(priority, 1, 0, { ...NO_LOAD, ...load }, 0),
    );
  assert.deepEqual(refusals({ ageMs: LIMITS.waitMs + 1 }), ['late', undefined]);
  assert.deepEqual(refusals({ ageMs: CRITICAL_WAIT_FACTOR * LIMITS.waitMs + 1 }), ['late', 'late']);
  assert.deepEqual(refusals({ unindexed: 750 }), ['full', undefined]);
  assert.deepEqual(refusals({ unindexed: 1000 }), ['full', 'full']);
});

test('says how long the oldest has waited', () => {
  const queue = newQueue();
  assert.equal(queue.ageMs(77), 0);
  queue.push(item('routine', 10), 10);
  queue.push(item('critical', 30), 30);
  assert.equal(queue.ageMs(100), 90);
});
