import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../src/domain/limits.js';
import type { Priority } from '../../../src/domain/priority.js';
import { Admission, type Turns, type Work } from '../../../src/http/admission/admission.js';
import type { Load } from '../../../src/ops/load.js';

/** An event loop whose time and turns the test makes. */
class HandTurns implements Turns {
  private atEnd: (() => void)[] = [];
  ms = 1000;

  nowMs = (): number => this.ms;
  atEndOfTurn = (run: () => void): void => void this.atEnd.push(run);
  endedTimes = 0;
  ended = (): void => {
    this.endedTimes += 1;
  };

  endTurn(): void {
    for (const run of this.atEnd.splice(0)) run();
  }
}

function setUp(waitMs = 500) {
  const turns = new HandTurns();
  const load: Load = { events: 0, bytes: 0, ageMs: 0, unindexed: 0, unindexedMax: 1000 };
  const admission = new Admission({ eventsMax: 100, bytesMax: 10_000, waitMs, load: () => load, turns });
  const begun: string[] = [];
  const refused: string[] = [];
  const work = (name: string, costMs = 1, isGone = false): Work => ({
    begin: () => {
      turns.ms += costMs;
      begun.push(name);
    },
    refuse: ({ code }) => void refused.push(`${name} ${code}`),
    isGone: () => isGone,
  });
  const wait = (priority: Priority, name: string, costMs?: number) =>
    admission.wait(priority, 10, work(name, costMs));
  return { turns, load, admission, begun, refused, work, wait };
}

test('lets everybody in at once while a turn is short', () => {
  const { turns, admission } = setUp();
  for (let turn = 0; turn < 5; turn += 1) {
    assert.ok(admission.isOpen(10));
    turns.ms += limits.sliceMs;
    assert.ok(admission.isOpen(10));
    turns.ms += 1;
    assert.equal(admission.isOpen(10), false, 'this turn has lasted too long');
    turns.endTurn();
    turns.ms += 100;
  }
});

test('works at the end of a turn on what came with it, in order, and then says that the turn is over', () => {
  const { turns, admission, begun, work } = setUp();
  for (const name of ['a', 'b', 'c']) {
    assert.ok(admission.isOpen(10));
    admission.enter(work(name));
  }
  assert.deepEqual([begun, turns.endedTimes], [[], 0]);
  turns.endTurn();
  assert.deepEqual([begun, turns.endedTimes], [['a', 'b', 'c'], 1]);
});

test('lets no more in with one turn than can be worked on at its end, and the rest wait behind them', () => {
  const { turns, admission, begun, work, wait } = setUp();
  for (let index = 0; index < limits.enteredMax; index += 1) {
    assert.ok(admission.isOpen(10));
    admission.enter(work(`in${index}`, 0));
  }
  assert.equal(admission.isOpen(10), false);
  wait('critical', 'late', 0);
  turns.endTurn();
  assert.deepEqual([begun.length, begun.at(-1)], [limits.enteredMax + 1, 'late']);
  assert.ok(admission.isOpen(10));
});

test('works on what waits in slices, critical requests first, and lets nobody pass them', () => {
  const { turns, admission, begun, wait } = setUp();
  const costMs = limits.sliceMsMax / 5;
  for (let index = 1; index <= 8; index += 1) wait('routine', `r${index}`, costMs);
  wait('critical', 'c1', costMs);
  assert.deepEqual(begun, []);
  assert.equal(admission.isOpen(10), false);
  turns.endTurn();
  assert.deepEqual(begun, ['c1', 'r1', 'r2', 'r3', 'r4']);
  wait('critical', 'c2', costMs);
  assert.equal(admission.isOpen(10), false);
  turns.endTurn();
  assert.deepEqual(begun.slice(5), ['c2', 'r5', 'r6', 'r7', 'r8']);
  turns.endTurn();
  assert.ok(admission.isOpen(10));
});

test('makes a slice as long as its time, and as many requests if they are quick', () => {
  const { turns, begun, wait } = setUp();
  const costMs = limits.sliceMs / limits.sliceRequestsMin / 2;
  for (let index = 0; index < 70; index += 1) wait('routine', `r${index}`, 2 * costMs);
  turns.endTurn();
  assert.ok(Math.abs(begun.length - limits.sliceRequestsMin) <= 1, `${begun.length}`);
  turns.endTurn();
  begun.length = 0;
  for (let index = 0; index < 70; index += 1) wait('routine', `r${index}`, 0.5);
  turns.endTurn();
  assert.equal(begun.length, limits.sliceRequestsMin, 'a slow process does as much in a turn');
});

test('drops what waited too long before any work, and says so', () => {
  const { turns, admission, begun, refused, wait } = setUp();
  wait('critical', 'slow', 501);
  wait('routine', 'late');
  wait('critical', 'urgent');
  turns.endTurn();
  assert.deepEqual([begun, refused], [['slow'], []]);
  turns.endTurn();
  assert.deepEqual([begun, refused], [['slow', 'urgent'], ['late OVERLOADED']]);
  assert.deepEqual(admission.figures().dropped.routine, { full: 0, late: 1, gone: 0 });
});

test('spends nothing on a request whose client is gone', () => {
  const { turns, admission, begun, refused, work } = setUp();
  admission.wait('routine', 10, work('gone', 1, true));
  turns.endTurn();
  assert.deepEqual([begun, refused], [[], ['gone OVERLOADED']]);
  assert.equal(admission.figures().dropped.routine?.gone, 1);
  assert.equal(admission.restMs(), Number.POSITIVE_INFINITY, 'that is no overload');
});

test('takes the wait in the buffers of a socket for part of the wait', () => {
  const { turns, wait, admission, refused } = setUp(50);
  // While something is left over, what is read in a turn may have come since the end of the slice before the last.
  for (let index = 0; index < 9; index += 1) wait('critical', `c${index}`, limits.sliceMsMax / 2);
  turns.endTurn();
  const sliceEndMs = turns.ms;
  turns.ms += 20;
  turns.endTurn();
  assert.equal(admission.earliestArrivalMs(), sliceEndMs);
  assert.deepEqual(refused, []);
  wait('routine', 'hidden');
  assert.deepEqual(refused, ['hidden OVERLOADED']);
});

test('refuses at once past its bound, and tells the first refusal after a rest', () => {
  const { turns, load, admission, refused, wait } = setUp();
  let told = 0;
  admission.whenShedding(() => {
    told += 1;
  });
  load.events = 75;
  assert.equal(admission.isOpen(10), false);
  wait('routine', 'a');
  wait('routine', 'b');
  wait('critical', 'c');
  assert.deepEqual(refused, ['a OVERLOADED', 'b OVERLOADED']);
  assert.equal(told, 1);
  turns.ms += limits.sheddingRestMs + 1;
  assert.equal(admission.restMs(), limits.sheddingRestMs + 1);
  wait('routine', 'd');
  assert.equal(told, 2);
});

test('keeps books in which nothing is missing', () => {
  const { turns, load, admission, wait, work } = setUp();
  assert.ok(admission.isOpen(10));
  admission.countBegun('critical');
  wait('critical', 'c');
  wait('routine', 'r');
  load.events = 80;
  load.bytes = 33;
  assert.equal(admission.takes('routine', 10, turns.ms, 0), false);
  assert.equal(admission.refuses('routine', 10, turns.ms, 0), true);
  assert.equal(admission.refuses('critical', 10, turns.ms, 0), false);
  turns.ms += 7;
  const figures = admission.figures();
  assert.deepEqual(figures, {
    events: 82,
    eventsMax: 100,
    bytes: 53,
    bytesMax: 10_000,
    ageMs: 7,
    received: { critical: 2, routine: 2 },
    accepted: { critical: 1, routine: 0 },
    dropped: { critical: { full: 0, late: 0, gone: 0 }, routine: { full: 1, late: 0, gone: 0 } },
  });
  load.ageMs = 9;
  assert.equal(admission.figures().ageMs, 9);
  admission.wait('routine', 10, work('x'));
  assert.equal(admission.figures().dropped.routine?.full, 2);
});
