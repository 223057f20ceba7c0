/** How every event store shows a consultation as it was; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPatch, type Operation } from 'rfc6902';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { foldEvents } from '../../src/domain/fold.js';
import type { AsOf, EventStore } from '../../src/store/event-store.js';
import { allEvents, playScript, type StoreSubject, started } from './event-store.contract.js';

export function pastContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name} as a record of the past`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };
    const foldTo = (events: readonly ConsultationEvent[], version: number) =>
      foldEvents(structuredClone(events.slice(0, version))).state;

    it(
      'shows state and events as of a version, whatever was read before',
      withStore(async (store) => {
        const id = await playScript(store, 11);
        const events = await allEvents(store, id);
        await store.stateText(id);
        // Backwards, so that nothing that is kept for the version before is of use.
        const versions = events.map(({ version }) => version).filter((version) => version % 4 === 1);
        for (const version of [events.length, ...versions.toReversed()]) {
          const asOf = { version };
          const expected = foldTo(events, version);
          assert.deepEqual(await store.state(id, asOf), expected);
          const text = await store.stateText(id, asOf);
          assert.equal(text.version, version);
          assert.deepEqual(JSON.parse(text.json.toString()), { consultation: expected });
          const page = await store.events({ consultationId: id, asOf, offset: 0, limit: 1000 });
          assert.equal(page.eventCount, version);
          assert.deepEqual(
            page.eventsJson.map((json) => JSON.parse(json)),
            events.slice(0, version),
          );
        }
        assert.deepEqual(await store.state(id), foldTo(events, events.length));
      }),
    );

    it(
      'shows what was known at an instant: the newest version that is not later',
      withStore(async (store) => {
        const id = await playScript(store, 12);
        const events = await allEvents(store, id);
        const times = events.map(({ timestamp }) => Date.parse(timestamp));
        const first = times[0] as number;
        const last = times.at(-1) as number;
        for (const timeMs of [...new Set(times.flatMap((time) => [time, time + 1])), last + 1e9]) {
          const version = times.filter((time) => time <= timeMs).length;
          assert.equal((await store.stateText(id, { timeMs })).version, version);
          const query = { consultationId: id, asOf: { timeMs }, offset: 0, limit: 1 };
          assert.equal((await store.events(query)).eventCount, version);
        }
        await assert.rejects(store.stateText(id, { timeMs: first - 1 }), {
          code: 'VERSION_NOT_FOUND',
          extensions: { version: events.length },
        });
      }),
    );

    it(
      'pages through the events of a type as of a version',
      withStore(async (store) => {
        const id = await playScript(store, 13);
        const events = await allEvents(store, id);
        const version = Math.ceil(events.length / 2);
        const query = { consultationId: id, asOf: { version }, eventType: 'MESSAGE_RECEIVED' as const };
        const expected = events.slice(0, version).filter((event) => event.event_type === 'MESSAGE_RECEIVED');
        assert.ok(expected.length > 2);
        for (const [offset, limit] of [
          [0, 1000],
          [1, 2],
          [expected.length - 1, 5],
          [expected.length, 5],
        ] as const) {
          const page = await store.events({ ...query, offset, limit });
          assert.deepEqual(
            page.eventsJson.map((json) => JSON.parse(json)),
            expected.slice(offset, offset + limit),
          );
        }
      }),
    );

    it(
      'gives the difference of two versions as a patch that makes one of the other, and the events between',
      withStore(async (store) => {
        const id = await playScript(store, 14);
        const events = await allEvents(store, id);
        const newest = events.length;
        for (const fromVersion of [1, 2, Math.ceil(newest / 3), newest - 1, newest]) {
          for (const toVersion of [fromVersion, Math.min(newest, fromVersion + 7), undefined]) {
            const difference = await store.difference({
              consultationId: id,
              fromVersion,
              ...(toVersion !== undefined && { toVersion }),
            });
            const to = toVersion ?? newest;
            assert.deepEqual([difference.fromVersion, difference.toVersion], [fromVersion, to]);
            const patched = foldTo(events, fromVersion);
            const operations = difference.patchJson.map((json) => JSON.parse(json) as Operation);
            assert.deepEqual(
              applyPatch(patched, operations).filter((error) => error !== null),
              [],
            );
            assert.deepEqual(patched, foldTo(events, to));
            assert.deepEqual(
              difference.eventsJson.map((json) => JSON.parse(json)),
              events.slice(fromVersion, to).map(({ event_id, version, timestamp, event_type }) => ({
                event_id,
                version,
                timestamp,
                event_type,
              })),
            );
            if (fromVersion === to) assert.deepEqual(difference.patchJson, []);
          }
        }
      }),
    );

    it(
      'knows no version that was not reached, nor of a consultation that was not started',
      withStore(async (store) => {
        const id = await started(store);
        const notFound = { code: 'VERSION_NOT_FOUND', extensions: { version: 1 } };
        const asOf: AsOf = { version: 2 };
        await assert.rejects(store.state(id, asOf), notFound);
        await assert.rejects(store.stateText(id, asOf), notFound);
        await assert.rejects(store.events({ consultationId: id, asOf, offset: 0, limit: 1 }), notFound);
        const between = { consultationId: id, fromVersion: 1, toVersion: 2 };
        await assert.rejects(store.difference(between), notFound);
        const unknown = '0199aaaa-0000-7000-8000-000000000000';
        const noConsultation = { code: 'CONSULTATION_NOT_FOUND' };
        await assert.rejects(store.state(unknown, { version: 1 }), noConsultation);
        await assert.rejects(store.difference({ consultationId: unknown, fromVersion: 1 }), noConsultation);
      }),
    );

    it(
      'refuses a difference backwards',
      withStore(async (store) => {
        const id = await playScript(store, 15);
        await assert.rejects(store.difference({ consultationId: id, fromVersion: 3, toVersion: 2 }), {
          code: 'VALIDATION_FAILED',
        });
      }),
    );
  });
}
