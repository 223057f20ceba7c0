/** How every event store gives a consultation's events in pages; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { limits } from '../../src/domain/limits.js';
import type { EventStore } from '../../src/store/event-store.js';
import { append, message, type StoreSubject, started } from './event-store.contract.js';

export function pagesContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name} as pages of events`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };

    it(
      'reads a page of large events in part, and the rest from where it ended',
      withStore(async (store) => {
        const consultationId = await started(store);
        const large = message('x'.repeat(limits.pageBytesMax / 5));
        // Small ones first: how large the rest is shows late.
        for (let i = 0; i < 20; i += 1) await append(store, consultationId, [message('small')]);
        for (let i = 0; i < 12; i += 1) await append(store, consultationId, [large]);
        for (const eventType of [undefined, 'MESSAGE_RECEIVED'] as const) {
          const read: number[] = [];
          for (;;) {
            const query = {
              consultationId,
              offset: read.length,
              limit: 1000,
              ...(eventType && { eventType }),
            };
            const { eventsJson } = await store.events(query);
            if (eventsJson.length === 0) break;
            const bytes = eventsJson.reduce((sum, text) => sum + text.length, 0);
            assert.ok(bytes < limits.pageBytesMax * 1.1, `${bytes} bytes`);
            read.push(...eventsJson.map((text) => (JSON.parse(text) as ConsultationEvent).version));
          }
          const from = eventType === undefined ? 1 : 2;
          assert.deepEqual(
            read,
            Array.from({ length: 34 - from }, (_, index) => from + index),
          );
        }
      }),
    );

    it(
      'reads pages by offset, limit and type',
      withStore(async (store) => {
        const consultationId = await started(store);
        for (let i = 0; i < 12; i += 1) {
          const processed = message(`m${i}`);
          const { events } = await append(store, consultationId, [processed]);
          const message_id = events[0]?.eventId as string;
          await append(store, consultationId, [{ type: 'MESSAGE_PROCESSED', payload: { message_id } }]);
        }
        const versions = async (query: object): Promise<number[]> => {
          const page = await store.events({ consultationId, offset: 0, limit: 1000, ...query });
          assert.equal(page.eventCount, 25);
          return page.eventsJson.map((text) => (JSON.parse(text) as ConsultationEvent).version);
        };
        assert.deepEqual(await versions({ offset: 3, limit: 4 }), [4, 5, 6, 7]);
        assert.deepEqual(await versions({ offset: 24 }), [25]);
        assert.deepEqual(await versions({ offset: 25 }), []);
        assert.deepEqual(await versions({ offset: 4_000_000_000 }), []);
        assert.deepEqual(await versions({ eventType: 'MESSAGE_PROCESSED', offset: 1, limit: 2 }), [5, 7]);
        assert.deepEqual(await versions({ eventType: 'CONSULTATION_STARTED' }), [1]);
        assert.deepEqual(await versions({ eventType: 'ADDENDUM_ADDED' }), []);
      }),
    );
  });
}
