/** The clock of the machine jumps; times, ids and sequences of events go on as if it did not. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { EventStore } from '../../src/store/event-store.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { allEvents } from './event-store.contract.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** A machine whose clock can be set, from before the store is opened. */
function settableClock(t: TestContext): { jump: (ms: number) => void } {
  const realNow = Date.now;
  let offsetMs = 0;
  t.mock.method(Date, 'now', () => realNow() + offsetMs);
  return {
    jump: (ms) => {
      offsetMs += ms;
    },
  };
}

async function say(store: EventStore, consultationId: string): Promise<void> {
  const payload = { message_content: 'me duele', message_role: 'user' };
  const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
  await store.append({ consultationId, userId: 'dr', source: 'test', events });
}

/** Times never go back, ids that were made later sort later, and nothing is missing between. */
async function assertInOrder(store: EventStore, consultationId: string, count: number): Promise<void> {
  const events = await allEvents(store, consultationId);
  assert.equal(events.length, count);
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    assert.equal(event.version, index + 1);
    if (before === undefined) continue;
    assert.equal(event.sequence, before.sequence + 1);
    assert.ok(event.timestamp >= before.timestamp, `${event.timestamp} after ${before.timestamp}`);
    assert.ok(event.event_id > before.event_id, `${event.event_id} after ${before.event_id}`);
  }
  assert.equal((await store.verify(consultationId)).valid, true);
}

const JUMPS: readonly [what: string, ms: readonly number[]][] = [
  ['a day back', [-DAY_MS]],
  ['fifty years forward and back again', [50 * YEAR_MS, -50 * YEAR_MS]],
  ['forward and back by turns', [DAY_MS, -2 * DAY_MS, YEAR_MS, -2 * YEAR_MS]],
];

describe('a clock that jumps', () => {
  for (const [what, jumps] of JUMPS) {
    it(`${what} while the store is open breaks neither order nor ids`, async (t) => {
      const clock = settableClock(t);
      const store = await openTestStore(await temporaryDirectory(t));
      const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
      for (const ms of jumps) {
        clock.jump(ms);
        for (let i = 0; i < 3; i += 1) await say(store, consultationId);
      }
      await assertInOrder(store, consultationId, 1 + 3 * jumps.length);
      await store.close();
    });

    it(`${what} between a stop and a start breaks neither order nor ids`, async (t) => {
      const clock = settableClock(t);
      const directory = await temporaryDirectory(t);
      let store = await openTestStore(directory);
      const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
      for (const ms of jumps) {
        await store.close();
        clock.jump(ms);
        store = await openTestStore(directory);
        for (let i = 0; i < 3; i += 1) await say(store, consultationId);
      }
      await assertInOrder(store, consultationId, 1 + 3 * jumps.length);
      await store.close();
    });
  }

  it('forward and back, across a start that finds all events sealed, breaks neither order nor ids', async (t) => {
    const clock = settableClock(t);
    const directory = await temporaryDirectory(t);
    const roll = { events: 2, bytes: 1e9, ageMs: 1e12 };
    let store = await openTestStore(directory, { roll });
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    clock.jump(YEAR_MS);
    await say(store, consultationId);
    await say(store, consultationId);
    await store.archived();
    clock.jump(-YEAR_MS);
    await store.close();
    store = await openTestStore(directory, { roll });
    for (let i = 0; i < 3; i += 1) await say(store, consultationId);
    await assertInOrder(store, consultationId, 6);
    await store.close();
  });
});
