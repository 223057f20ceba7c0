/** What every event store must do with an Idempotency-Key; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import type { AppendCommand, EventStore, EventToAppend } from '../../src/store/event-store.js';
import { allEvents, message, type StoreSubject, started } from './event-store.contract.js';

const nextId = uuidV7Generator();
const newId = (): string => nextId(Date.now());
const REUSED = { code: 'IDEMPOTENCY_KEY_REUSED' };

/** An append with a key. */
export function keyed(
  store: EventStore,
  consultationId: string,
  key: string,
  events: readonly EventToAppend[],
  more: Partial<AppendCommand> = {},
) {
  return store.append({
    consultationId,
    userId: 'dr',
    source: 'test',
    events,
    idempotencyKey: { key },
    ...more,
  });
}

export function idempotencyContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name} and Idempotency-Keys`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };

    it(
      'answers the same append with the same key as the first time, whatever was stored and expected meanwhile',
      withStore(async (store) => {
        const id = await started(store);
        const first = await keyed(store, id, 'k', [message('once')], { expectedVersion: 1 });
        await keyed(store, id, 'other', [message('between')]);
        const again = await keyed(store, id, 'k', [message('once')], { expectedVersion: 1 });
        assert.equal(first.replayed, false);
        assert.deepEqual(again, { ...first, replayed: true });
        assert.equal((await allEvents(store, id)).length, 3);
      }),
    );

    it(
      'stores one of many that come at once, and answers all with it',
      withStore(async (store) => {
        const id = await started(store);
        const answers = await Promise.all(
          Array.from({ length: 8 }, () => keyed(store, id, 'k', [message('a'), message('b')])),
        );
        assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
        assert.equal(new Set(answers.map(({ events }) => JSON.stringify(events))).size, 1);
        assert.equal((await allEvents(store, id)).length, 3);
      }),
    );

    it(
      'refuses the key for another append, and stores nothing of it',
      withStore(async (store) => {
        const id = await started(store);
        const eventId = newId();
        await keyed(store, id, 'k', [message('a'), message('b', eventId)]);
        for (const events of [
          [message('a')],
          [message('a'), message('b'), message('c')],
          [message('a'), message('c')],
          [message('a'), message('b', newId())],
          [message('b'), message('a')],
          [message('a'), { ...message('b'), userId: 'nurse' }],
          [message('a'), { type: 'ADDENDUM_ADDED', payload: { text: 'b', author: 'dr' } } as const],
        ]) {
          await assert.rejects(keyed(store, id, 'k', events), REUSED);
        }
        await assert.rejects(keyed(store, id, 'k', [message('a'), message('b')], { userId: 'x' }), REUSED);
        assert.equal((await allEvents(store, id)).length, 3);
        const again = await keyed(store, id, 'k', [message('a'), message('b')]);
        assert.equal(again.events[1]?.eventId, eventId);
      }),
    );

    it(
      'takes the same key for another one in another consultation and for another principal',
      withStore(async (store) => {
        const ids = [await started(store), await started(store)] as const;
        const as = (principal: string) => ({ idempotencyKey: { key: 'k', principal } });
        const answers = [
          await keyed(store, ids[0], 'k', [message('a')]),
          await keyed(store, ids[1], 'k', [message('b')]),
          await keyed(store, ids[0], 'k', [message('c')], as('ana')),
          await keyed(store, ids[0], 'k', [message('d')], as('luz')),
        ];
        assert.deepEqual(
          answers.map(({ replayed }) => replayed),
          [false, false, false, false],
        );
        assert.equal((await keyed(store, ids[0], 'k', [message('c')], as('ana'))).replayed, true);
      }),
    );

    it(
      'does not use up the key of an append that was refused',
      withStore(async (store) => {
        const id = await started(store);
        const unknown: EventToAppend = { type: 'MESSAGE_DELETED', payload: { message_id: newId() } };
        await assert.rejects(keyed(store, id, 'k', [unknown]), { code: 'UNKNOWN_MESSAGE' });
        await assert.rejects(keyed(store, id, 'k', [message('x')], { expectedVersion: 7 }), {
          code: 'WRONG_EXPECTED_VERSION',
        });
        await assert.rejects(keyed(store, newId(), 'k', [message('x')]), { code: 'CONSULTATION_NOT_FOUND' });
        assert.equal((await keyed(store, id, 'k', [message('y')])).replayed, false);
      }),
    );

    it(
      'answers events that are there by their ids, whatever key comes with them',
      withStore(async (store) => {
        const id = await started(store);
        const event = message('once', newId());
        const first = await keyed(store, id, 'first', [event]);
        assert.deepEqual(await keyed(store, id, 'second', [event]), { ...first, replayed: true });
        assert.equal((await keyed(store, id, 'second', [message('another')])).replayed, false);
      }),
    );

    it(
      'shows the digest of a key and the length of its append in the first event only',
      withStore(async (store) => {
        const id = await started(store);
        await keyed(store, id, 'a secret of the client', [message('a'), message('b')]);
        const shown = (await allEvents(store, id)).map(({ metadata }) => metadata.idempotency);
        assert.deepEqual(
          shown.map((key) => key?.events),
          [undefined, 2, undefined],
        );
        assert.match(shown[1]?.digest ?? '', /^[0-9a-f]{32}$/);
        assert.equal((await store.verify(id)).valid, true);
      }),
    );

    it(
      'starts one consultation for a key, whoever asks again, and refuses the key for another start',
      withStore(async (store) => {
        const command = { userId: 'dr', source: 'test', patientStub: { age: 40 } };
        const idempotencyKey = { key: 'k' };
        const create = () => store.create({ ...command, idempotencyKey });
        const answers = await Promise.all([create(), create(), create()]);
        assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
        assert.equal(new Set(answers.map(({ consultationId }) => consultationId)).size, 1);
        const { replayed: _, ...first } = answers[0] as (typeof answers)[number];
        assert.deepEqual(await create(), { ...first, replayed: true });
        for (const other of [
          { userId: 'other' },
          { patientStub: { age: 41 } },
          { consultationId: newId() },
          { eventId: newId() },
        ]) {
          await assert.rejects(store.create({ ...command, ...other, idempotencyKey }), REUSED);
        }
        assert.equal((await store.health()).headSequence, 1);
        const elsewhere = await keyed(store, first.consultationId, 'k', [message('an append')]);
        assert.equal(elsewhere.replayed, false);
        assert.equal((await create()).replayed, true);
      }),
    );
  });
}
