/** How every event store lists its consultations; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UrgencyLevel } from '../../src/domain/consultation-head.js';
import type { ListFilter, ListPlace } from '../../src/domain/consultation-list.js';
import type { EventStore } from '../../src/store/event-store.js';
import { append, message, playScript, type StoreSubject, started } from './event-store.contract.js';

export function consultationsContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name} as a list of consultations`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };

    it(
      'lists what was just stored, newest first, by who started it, its status and its urgency',
      withStore(async (store) => {
        const list = async (filter: ListFilter): Promise<string[]> => {
          const { consultations, next } = await store.consultations({ filter, limit: 10 });
          assert.equal(next, undefined);
          return consultations.map(({ consultationId }) => consultationId);
        };
        assert.deepEqual(await list({}), []);
        const first = await started(store);
        const urgent = await playScript(store, 5);
        const { consultationId: other } = await store.create({ userId: 'nurse', source: 'test' });
        assert.deepEqual(await list({}), [other, urgent, first]);
        assert.deepEqual(await list({ userId: 'dr' }), [urgent, first]);
        assert.deepEqual(await list({ userId: 'nobody' }), []);
        assert.deepEqual(await list({ status: 'committed' }), [urgent]);
        assert.deepEqual(await list({ status: 'active', userId: 'dr' }), [first]);
        assert.deepEqual(await list({ urgency: null }), [other, first]);
        const { urgency_assessment } = await store.state(urgent);
        const urgency = urgency_assessment?.urgency_level as UrgencyLevel;
        assert.deepEqual(await list({ urgency, status: 'committed', userId: 'dr' }), [urgent]);
      }),
    );

    it(
      'lists a consultation as its state has it, and as it is after each event',
      withStore(async (store) => {
        const consultationId = await started(store);
        for (let version = 1; version <= 3; version += 1) {
          const state = await store.state(consultationId);
          const page = await store.consultations({ filter: {}, limit: 1 });
          assert.deepEqual(page, {
            consultations: [
              {
                consultationId,
                userId: 'dr',
                status: state.status,
                urgency: null,
                createdMs: Date.parse(state.created_at),
                updatedMs: Date.parse(state.updated_at),
                version,
              },
            ],
          });
          await append(store, consultationId, [message('more')]);
        }
      }),
    );

    it(
      'goes through a list in pages while consultations are started and change, each once',
      withStore(async (store) => {
        const ids: string[] = [];
        for (let i = 0; i < 23; i += 1) ids.push(await started(store));
        const found: string[] = [];
        let after: ListPlace | undefined;
        for (;;) {
          const page = await store.consultations({ filter: {}, limit: 5, ...(after && { after }) });
          found.push(...page.consultations.map(({ consultationId }) => consultationId));
          await append(store, ids[found.length % 23] as string, [message('meanwhile')]);
          await started(store);
          if (page.next === undefined) break;
          after = page.next;
        }
        assert.deepEqual(found, ids.toReversed());
      }),
    );

    it(
      'lists what was started within a time, its end left out',
      withStore(async (store) => {
        for (let i = 0; i < 6; i += 1) await started(store);
        const { consultations } = await store.consultations({ filter: {}, limit: 10 });
        const times = consultations.map(({ createdMs }) => createdMs);
        for (const fromMs of times) {
          for (const toMs of times) {
            const page = await store.consultations({ filter: { fromMs, toMs }, limit: 10 });
            assert.deepEqual(
              page.consultations.map(({ createdMs }) => createdMs),
              times.filter((time) => time >= fromMs && time < toMs),
            );
          }
        }
      }),
    );
  });
}
