/** What following must be on every event store. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsultationEvent } from '../../src/domain/event.js';
import type { FeedEvent } from '../../src/domain/feed.js';
import type { EventFeed, EventStore, FollowQuery } from '../../src/store/event-store.js';
import { allEvents, append, message, type StoreSubject, started } from './event-store.contract.js';

/** The next `count` events, in however many batches. */
export async function take(feed: EventFeed, count: number): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  while (events.length < count) {
    const { value, done } = await feed.next();
    assert.ok(!done, `${count} events come, not ${events.length}`);
    events.push(...value.events);
  }
  return events;
}

/** All there is. */
async function readAll(store: EventStore, query: Omit<FollowQuery, 'endsAtHead'> = {}): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const batch of await store.follow({ ...query, endsAtHead: true })) events.push(...batch.events);
  return events;
}

const sequences = (events: readonly { sequence: number }[]): number[] =>
  events.map(({ sequence }) => sequence);
const parsed = (events: readonly FeedEvent[]) =>
  events.map(({ json }) => JSON.parse(json) as ConsultationEvent);

/** Two consultations of 31 events each, one after another's. */
async function twoConsultations(store: EventStore): Promise<[string, string]> {
  const ids = [await started(store), await started(store)] as [string, string];
  for (let i = 0; i < 60; i += 1) await append(store, ids[i % 2] as string, [message(`${i}`)]);
  return ids;
}

export function followContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name}, followed`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };

    it(
      'gives all events of all consultations in order, the same as each consultation does',
      withStore(async (store) => {
        const ids = await twoConsultations(store);
        const events = await readAll(store);
        assert.deepEqual(
          sequences(events),
          Array.from({ length: 62 }, (_, index) => index + 1),
        );
        for (const consultationId of ids) {
          const expected = await allEvents(store, consultationId);
          const own = events.filter((event) => event.consultationId === consultationId);
          assert.deepEqual(parsed(own), expected);
          assert.deepEqual(await readAll(store, { consultationId }), own);
        }
        for (const event of events) {
          const { sequence, version, consultation_id, event_type } = JSON.parse(event.json);
          const { json: _, ...rest } = event;
          assert.deepEqual(rest, { sequence, version, consultationId: consultation_id, type: event_type });
          assert.doesNotMatch(event.json, /[\r\n]/);
        }
      }),
    );

    it(
      'starts at a sequence, at a version, or with what comes, and says where',
      withStore(async (store) => {
        const [consultationId] = await twoConsultations(store);
        const own = await readAll(store, { consultationId });
        assert.deepEqual(sequences(await readAll(store, { from: { sequence: 60 } })), [60, 61, 62]);
        assert.deepEqual(await readAll(store, { consultationId, from: { version: 20 } }), own.slice(19));
        const middle = own[10]?.sequence ?? 0;
        assert.deepEqual(await readAll(store, { consultationId, from: { sequence: middle } }), own.slice(10));
        assert.deepEqual(
          await readAll(store, { consultationId, from: { sequence: middle + 1 } }),
          own.slice(11),
        );
        assert.deepEqual(await readAll(store, { consultationId, from: { version: 32 } }), []);
        assert.deepEqual(await readAll(store, { from: 'next' }), []);
        const feed = await store.follow({ from: 'next', endsAtHead: false });
        assert.deepEqual(await feed.next(), { done: false, value: { events: [], through: 62 } });
        const { events } = await append(store, consultationId, [message('next')]);
        assert.deepEqual(sequences(await take(feed, 1)), sequences(events));
        await feed.return?.();
      }),
    );

    it(
      'refuses to start past what comes next, and in a consultation that is not there',
      withStore(async (store) => {
        const [consultationId] = await twoConsultations(store);
        const ahead = { code: 'POSITION_AHEAD' };
        for (const endsAtHead of [true, false]) {
          await assert.rejects(store.follow({ from: { sequence: 64 }, endsAtHead }), ahead);
          await assert.rejects(store.follow({ consultationId, from: { version: 33 }, endsAtHead }), ahead);
          const unknown = { consultationId: '01890000-0000-7000-8000-000000000000', endsAtHead };
          await assert.rejects(store.follow(unknown), { code: 'CONSULTATION_NOT_FOUND' });
        }
      }),
    );

    it(
      'gives what was there and what comes as one, to each who follows, by consultation and by type',
      withStore(async (store) => {
        const [one, other] = await twoConsultations(store);
        const addendum = { type: 'ADDENDUM_ADDED' as const, payload: { text: 'a', author: 'dr' } };
        const follow = (query: Omit<FollowQuery, 'endsAtHead'>) =>
          store.follow({ ...query, endsAtHead: false });
        const all = await follow({ from: { sequence: 50 } });
        const ofOne = await follow({ consultationId: one, from: { version: 30 } });
        const addenda = await follow({ eventTypes: ['ADDENDUM_ADDED', 'CONSULTATION_COMMITTED'] });
        const addendaOfOne = await follow({ consultationId: one, eventTypes: ['ADDENDUM_ADDED'] });
        const taken = Promise.all([take(all, 33), take(ofOne, 12), take(addenda, 10), take(addendaOfOne, 5)]);
        for (let i = 0; i < 5; i += 1) {
          await append(store, one, [addendum]);
          await append(store, other, [message('between'), addendum]);
          await append(store, one, [message('after')]);
        }
        const expected = await readAll(store);
        const [gotAll, gotOne, gotAddenda, gotAddendaOfOne] = await taken;
        const isAddendum = ({ type }: FeedEvent) => type === 'ADDENDUM_ADDED';
        assert.deepEqual(gotAll, expected.slice(49));
        const own = expected.filter(({ consultationId }) => consultationId === one);
        assert.deepEqual(gotOne, own.slice(29));
        assert.deepEqual(gotAddenda, expected.filter(isAddendum));
        assert.deepEqual(gotAddendaOfOne, own.filter(isAddendum));
        for (const feed of [all, ofOne, addenda, addendaOfOne]) await feed.return?.();
      }),
    );

    it(
      'ends when it is returned, also while it waits',
      withStore(async (store) => {
        await started(store);
        const feed = await store.follow({ from: 'next', endsAtHead: false });
        await feed.next();
        const waiting = feed.next();
        await feed.return?.();
        assert.deepEqual(await waiting, { done: true, value: undefined });
        assert.deepEqual(await feed.next(), { done: true, value: undefined });
      }),
    );
  });
}
