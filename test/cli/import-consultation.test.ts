/** One consultation: whatever happened before, it ends up stored once, whole and in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batches, importConsultation } from '../../src/cli/import-consultation.js';
import { type ImportTarget, storeTarget } from '../../src/cli/import-target.js';
import { limits } from '../../src/domain/limits.js';
import { planOf, storedEvents, storedMessages } from '../support/import-plans.js';
import { memoryEventStore } from '../support/memory-event-store.js';

const seed = Number(process.env.FI_TEST_SEED ?? Date.now() % 2 ** 31);
const never = new AbortController().signal;
const newCounts = () => ({ eventsWritten: 0, eventsPresent: 0 });

/** A target that takes few events at a time, and breaks at its `failAt`th write, before or after doing it. */
function fragileTarget(target: ImportTarget, failAt: number, isAfter: boolean): ImportTarget {
  let writes = 0;
  async function write<T>(operation: () => Promise<T>): Promise<T> {
    writes += 1;
    if (writes === failAt && !isAfter) throw new Error('broke before');
    const result = await operation();
    if (writes === failAt) throw new Error('broke after');
    return result;
  }
  return {
    ...target,
    appendEventsMax: 3,
    create: (...command) => write(() => target.create(...command)),
    append: (...command) => write(() => target.append(...command)),
  };
}

test('writes a consultation that is not there', async () => {
  const store = memoryEventStore();
  const plan = planOf(4);
  const counts = newCounts();
  assert.equal(await importConsultation(plan, 'ana', storeTarget(store, never), never, counts), true);
  assert.deepEqual(counts, { eventsWritten: 5, eventsPresent: 0 });
  const events = storedEvents(store);
  assert.deepEqual(
    events.map((event) => [event.event_type, event.event_id, event.metadata.user_id, event.metadata.source]),
    [
      ['CONSULTATION_STARTED', plan.startEventId, 'ana', 'import'],
      ...plan.events.map((event) => ['MESSAGE_RECEIVED', event.eventId, 'ana', 'import']),
    ],
  );
});

test('goes on where it broke, at every point, and writes nothing twice', async () => {
  const plan = planOf(10);
  const all = planOf(10).events.map((event) => event.payload.message_content);
  for (const isAfter of [false, true]) {
    for (let failAt = 1; failAt <= 5; failAt += 1) {
      const store = memoryEventStore();
      const target = storeTarget(store, never);
      const counts = newCounts();
      const broken = importConsultation(plan, 'ana', fragileTarget(target, failAt, isAfter), never, counts);
      await assert.rejects(broken, /broke/);
      const before = store.links.length;
      const resumed = newCounts();
      // Another user: what is there is not written again under the new name.
      await importConsultation(plan, 'eva', target, never, resumed);
      assert.deepEqual(storedMessages(store), all);
      assert.deepEqual(resumed, { eventsWritten: 11 - before, eventsPresent: before });
    }
  }
});

test('survives any number of breaks at random points', async (t) => {
  t.diagnostic(`FI_TEST_SEED=${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
  for (let round = 0; round < 20; round += 1) {
    const plan = planOf(1 + random(20));
    const store = memoryEventStore();
    const target = storeTarget(store, never);
    for (let isComplete = false; !isComplete; ) {
      const fragile = fragileTarget(target, 1 + random(8), random(2) === 0);
      isComplete = await importConsultation(plan, 'ana', fragile, never, newCounts()).catch(() => false);
    }
    assert.deepEqual(
      storedEvents(store).map((event) => event.event_id),
      [plan.startEventId, ...plan.events.map((event) => event.eventId)],
    );
  }
});

test('writes what is missing when somebody else wrote in between', async () => {
  for (const strangers of [1, 4, 5, 30]) {
    const store = memoryEventStore();
    const target = storeTarget(store, never);
    const plan = planOf(8);
    const part = { ...plan, events: plan.events.slice(0, 3) };
    await importConsultation(part, 'ana', target, never, newCounts());
    for (let index = 0; index < strangers; index += 1) {
      const payload = { message_content: 'stranger', message_role: 'user' };
      const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
      await store.append({ consultationId: plan.consultationId, userId: 'eva', source: 'api', events });
    }
    const counts = newCounts();
    await importConsultation(plan, 'ana', target, never, counts);
    assert.deepEqual(counts, { eventsWritten: 5, eventsPresent: 4 });
    assert.deepEqual(
      storedMessages(store).filter((text) => text !== 'stranger'),
      plan.events.map((event) => event.payload.message_content),
    );
  }
});

test('counts what follows an import as present, and writes nothing', async () => {
  const store = memoryEventStore();
  const target = storeTarget(store, never);
  const plan = planOf(3);
  await importConsultation(plan, 'ana', target, never, newCounts());
  const payload = { message_content: 'later', message_role: 'user' };
  const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
  await store.append({ consultationId: plan.consultationId, userId: 'eva', source: 'api', events });
  const counts = newCounts();
  await importConsultation(plan, 'ana', target, never, counts);
  assert.deepEqual(counts, { eventsWritten: 0, eventsPresent: 4 });
});

test('stops between two writes', async () => {
  const stop = new AbortController();
  const store = memoryEventStore({ beforeWrite: () => stop.abort() });
  const target = storeTarget(store, stop.signal);
  assert.equal(await importConsultation(planOf(3), 'ana', target, stop.signal, newCounts()), false);
  assert.equal(store.links.length, 1);
});

test('cuts batches by number and by bytes, and leaves a large event alone', () => {
  const sizes = (bytes: number[], eventsMax: number): number[] => {
    const events = planOf(bytes.length).events.map((event, index) => ({
      ...event,
      payload: { message_content: 'x'.repeat(bytes[index] as number), message_role: 'user' },
    }));
    return [...batches(events, eventsMax)].map((batch) => batch.length);
  };
  const half = limits.bodyBytesMax / 2;
  assert.deepEqual(sizes([1, 1, 1, 1, 1], 2), [2, 2, 1]);
  assert.deepEqual(sizes([half, half, half, 1, 1], 10), [1, 1, 3]);
  assert.deepEqual(sizes([2 * half, 1, 1], 10), [1, 2]);
  assert.deepEqual(sizes([], 10), []);
});
