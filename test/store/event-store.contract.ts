/** What every event store must do; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { consultationScript } from '../../src/domain/consultation-script.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { foldEvents } from '../../src/domain/fold.js';
import { limits } from '../../src/domain/limits.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import type { EventStore, EventToAppend, ExpectedVersion } from '../../src/store/event-store.js';

export interface StoreSubject {
  store: EventStore;
  dispose(): Promise<void>;
}

const nextId = uuidV7Generator();
const newId = (): string => nextId(Date.now());

export function message(text: string, eventId?: string): EventToAppend {
  const payload = { message_content: text, message_role: 'user' };
  return { type: 'MESSAGE_RECEIVED', payload, ...(eventId && { eventId }) };
}

export function append(
  store: EventStore,
  consultationId: string,
  events: EventToAppend[],
  expectedVersion?: ExpectedVersion,
) {
  const expectation = expectedVersion === undefined ? {} : { expectedVersion };
  return store.append({ consultationId, userId: 'dr', source: 'test', events, ...expectation });
}

export async function started(store: EventStore): Promise<string> {
  return (await store.create({ userId: 'dr', source: 'test' })).consultationId;
}

export async function allEvents(store: EventStore, consultationId: string): Promise<ConsultationEvent[]> {
  const events: ConsultationEvent[] = [];
  for (;;) {
    const page = await store.events({ consultationId, offset: events.length, limit: limits.pageEventsMax });
    events.push(...page.eventsJson.map((text) => JSON.parse(text) as ConsultationEvent));
    if (page.eventsJson.length === 0) return events;
  }
}

/** Appends a whole synthetic consultation, all types of events in it, and returns its id. */
export async function playScript(store: EventStore, seed: number): Promise<string> {
  const transcript = syntheticConsultations({ seed, count: 1 }).next().value;
  assert.ok(transcript);
  const consultationId = await started(store);
  const messageIds: string[] = [];
  for (const { type, payload } of consultationScript(transcript, seed)) {
    const { events } = await append(store, consultationId, [{ type, payload: payload(messageIds) }]);
    if (type === 'MESSAGE_RECEIVED') messageIds.push(events[0]?.eventId ?? '');
  }
  return consultationId;
}

export function eventStoreContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(`${name} as an event store`, () => {
    const withStore = (behaviour: (store: EventStore) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.store);
      } finally {
        await subject.dispose();
      }
    };

    it(
      'stores an event of every type, and its state is the fold of what it stored',
      withStore(async (store) => {
        const consultationId = await playScript(store, 7);
        const events = await allEvents(store, consultationId);
        assert.deepEqual(new Set(events.map(({ event_type }) => event_type)), new Set(EVENT_TYPES));
        assert.deepEqual(await store.state(consultationId), foldEvents(events).state);
        assert.equal((await store.state(consultationId)).is_committed, true);
      }),
    );

    it(
      'gives gapless versions and sequences, ordered times, and a chain of hashes',
      withStore(async (store) => {
        const { headSequence } = await store.health();
        const ids = [await started(store), await started(store)];
        for (let i = 0; i < 20; i += 1) await append(store, ids[i % 2] as string, [message(`text ${i}`)]);
        const histories = await Promise.all(ids.map((id) => allEvents(store, id)));
        for (const events of histories) {
          assert.deepEqual(
            events.map(({ version }) => version),
            events.map((_, index) => index + 1),
          );
          for (const { payload, audit_hash } of events) {
            assert.equal(audit_hash, createHash('sha256').update(canonicalJson(payload)).digest('hex'));
          }
        }
        const all = histories.flat().sort((a, b) => a.sequence - b.sequence);
        assert.deepEqual(
          all.map(({ sequence }) => sequence),
          all.map((_, index) => headSequence + index + 1),
        );
        const times = all.map(({ timestamp }) => timestamp);
        assert.deepEqual(times, times.toSorted());
        assert.equal(new Set(all.map(({ hash }) => hash)).size, all.length);
      }),
    );

    it(
      'answers with what a later read shows',
      withStore(async (store) => {
        const consultationId = await started(store);
        const { events, durability } = await append(store, consultationId, [message('a'), message('b')]);
        assert.equal(durability, store.durability);
        const stored = await allEvents(store, consultationId);
        assert.deepEqual(
          events.map((e) => [
            e.eventId,
            e.sequence,
            e.version,
            new Date(e.timestampMs).toISOString(),
            e.auditHash,
            e.hash,
          ]),
          stored.slice(1).map((e) => [e.event_id, e.sequence, e.version, e.timestamp, e.audit_hash, e.hash]),
        );
      }),
    );

    it(
      'verifies a consultation up to the hash that its newest event was answered with',
      withStore(async (store) => {
        const consultationId = await playScript(store, 3);
        const { events } = await append(store, consultationId, [
          { type: 'ADDENDUM_ADDED', payload: { text: 'later', author: 'dr' } },
        ]);
        const { version, hash } = events[0] ?? {};
        assert.deepEqual(await store.verify(consultationId), {
          valid: true,
          events: version,
          headHash: hash,
        });
      }),
    );

    it(
      'knows no consultation that was not started, whatever its id looks like',
      withStore(async (store) => {
        const { headSequence } = await store.health();
        for (const id of [newId(), 'no uuid', '../../etc/passwd', '', newId().toUpperCase()]) {
          const notFound = { code: 'CONSULTATION_NOT_FOUND' };
          await assert.rejects(store.state(id), notFound);
          await assert.rejects(store.events({ consultationId: id, offset: 0, limit: 1 }), notFound);
          await assert.rejects(append(store, id, [message('x')]), notFound);
          await assert.rejects(store.verify(id), notFound);
        }
        assert.equal((await store.health()).headSequence, headSequence);
      }),
    );

    it(
      'stores nothing of what the rules refuse, nor of a batch of which one event is refused',
      withStore(async (store) => {
        const consultationId = await started(store);
        const { headSequence } = await store.health();
        const unknown: EventToAppend = { type: 'MESSAGE_DELETED', payload: { message_id: newId() } };
        await assert.rejects(append(store, consultationId, [unknown]), { code: 'UNKNOWN_MESSAGE' });
        await assert.rejects(append(store, consultationId, [message('x'), unknown]), {
          code: 'UNKNOWN_MESSAGE',
        });
        const again: EventToAppend = { type: 'CONSULTATION_STARTED', payload: { session_id: newId() } };
        await assert.rejects(append(store, consultationId, [again]), {
          code: 'CONSULTATION_ALREADY_STARTED',
        });
        assert.equal((await allEvents(store, consultationId)).length, 1);
        assert.equal((await store.health()).headSequence, headSequence);
      }),
    );

    it(
      'says which event of a batch it refuses, and of one alone nothing of the kind',
      withStore(async (store) => {
        const consultationId = await started(store);
        const unknown: EventToAppend = { type: 'MESSAGE_DELETED', payload: { message_id: newId() } };
        await assert.rejects(append(store, consultationId, [message('x'), message('y'), unknown]), {
          code: 'UNKNOWN_MESSAGE',
          extensions: { item: 2 },
        });
        await assert.rejects(append(store, consultationId, [unknown]), { extensions: undefined });
        const eventId = newId();
        await append(store, consultationId, [message('x', eventId)]);
        await assert.rejects(append(store, consultationId, [message('y'), message('x', eventId)]), {
          code: 'EVENT_ID_REUSED',
          extensions: { item: 1 },
        });
      }),
    );

    it(
      'keeps who sent each event of a batch',
      withStore(async (store) => {
        const consultationId = await started(store);
        const batch = [
          message('a', newId()),
          { ...message('b', newId()), userId: 'nurse' },
          message('c', newId()),
        ];
        const first = await append(store, consultationId, batch);
        const users = (await allEvents(store, consultationId)).map(({ metadata }) => metadata.user_id);
        assert.deepEqual(users, ['dr', 'dr', 'nurse', 'dr']);
        assert.deepEqual(await append(store, consultationId, batch), { ...first, replayed: true });
        await assert.rejects(
          append(
            store,
            consultationId,
            batch.map((event) => ({ ...event, userId: 'dr' })),
          ),
          { code: 'EVENT_ID_REUSED', extensions: { item: 1 } },
        );
      }),
    );

    it(
      'lets a batch name the messages that it brings itself, but none that was cleared',
      withStore(async (store) => {
        const consultationId = await started(store);
        const message_id = newId();
        const removal: EventToAppend = { type: 'MESSAGE_DELETED', payload: { message_id } };
        await append(store, consultationId, [message('x', message_id), removal]);
        assert.equal((await store.state(consultationId)).messages[0]?.is_deleted, true);
        const cleared = { core_id: 'core', message_count_cleared: 1 };
        await append(store, consultationId, [{ type: 'MESSAGES_CLEARED', payload: cleared }]);
        await assert.rejects(append(store, consultationId, [removal]), { code: 'UNKNOWN_MESSAGE' });
      }),
    );

    it(
      'takes only addenda and audit entries after a commit, even when all come at once',
      withStore(async (store) => {
        const consultationId = await started(store);
        const soap_data = { assessment: 'well' };
        const commit_hash = createHash('sha256').update(canonicalJson(soap_data)).digest('hex');
        const commit: EventToAppend = {
          type: 'CONSULTATION_COMMITTED',
          payload: {
            soap_data,
            committed_by: 'dr',
            commit_hash,
            quality_score: 1,
            completeness: 90,
            nom_compliance: 95,
          },
        };
        const addendum: EventToAppend = { type: 'ADDENDUM_ADDED', payload: { text: 'later', author: 'dr' } };
        const outcomes = await Promise.allSettled([
          append(store, consultationId, [message('before')]),
          append(store, consultationId, [commit]),
          append(store, consultationId, [message('after')]),
          append(store, consultationId, [addendum]),
        ]);
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
        );
        await assert.rejects(append(store, consultationId, [message('after')]), {
          code: 'CONSULTATION_COMMITTED',
        });
      }),
    );

    it(
      'appends at the expected version only, and lets one of many rivals win',
      withStore(async (store) => {
        const consultationId = await started(store);
        const rivals = Array.from({ length: 16 }, (_, i) =>
          append(store, consultationId, [message(`${i}`)], 1),
        );
        const outcomes = await Promise.allSettled(rivals);
        assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
        for (const outcome of outcomes.filter((one) => one.status === 'rejected')) {
          assert.equal(outcome.reason.code, 'WRONG_EXPECTED_VERSION');
          assert.deepEqual(outcome.reason.extensions, { version: 2 });
        }
      }),
    );

    it(
      'appends at one of several expected versions, and at none of none',
      withStore(async (store) => {
        const consultationId = await started(store);
        await append(store, consultationId, [message('a')], [7, 1]);
        const wrong = { code: 'WRONG_EXPECTED_VERSION', extensions: { version: 2 } };
        await assert.rejects(append(store, consultationId, [message('b')], [7, 1]), wrong);
        await assert.rejects(append(store, consultationId, [message('b')], []), wrong);
      }),
    );

    it(
      'takes many appends to one consultation at once, without a version expected',
      withStore(async (store) => {
        const consultationId = await started(store);
        await Promise.all(
          Array.from({ length: 100 }, (_, i) => append(store, consultationId, [message(`${i}`)])),
        );
        const events = await allEvents(store, consultationId);
        assert.deepEqual(
          events.map(({ version }) => version),
          Array.from({ length: 101 }, (_, index) => index + 1),
        );
      }),
    );

    it(
      'answers the same event_id with the first answer, also when both come at once, and refuses it for another event',
      withStore(async (store) => {
        const consultationId = await started(store);
        const other = await started(store);
        const eventId = newId();
        const answers = await Promise.all(
          Array.from({ length: 5 }, () => append(store, consultationId, [message('once', eventId)])),
        );
        assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
        assert.equal(new Set(answers.map(({ events }) => JSON.stringify(events))).size, 1);
        const reused = { code: 'EVENT_ID_REUSED' };
        await assert.rejects(append(store, consultationId, [message('other', eventId)]), reused);
        await assert.rejects(append(store, other, [message('once', eventId)]), reused);
        await assert.rejects(store.create({ userId: 'dr', source: 'test', eventId }), reused);
        const twice = newId();
        await assert.rejects(
          append(store, consultationId, [message('a', twice), message('b', twice)]),
          reused,
        );
        assert.equal((await allEvents(store, consultationId)).length, 2);
      }),
    );

    it(
      'answers a batch with the same event ids with the first answer',
      withStore(async (store) => {
        const consultationId = await started(store);
        const batch = [message('a', newId()), message('b', newId())];
        const first = await append(store, consultationId, batch);
        const again = await append(store, consultationId, batch);
        assert.deepEqual(again, { ...first, replayed: true });
        await assert.rejects(append(store, consultationId, [...batch, message('c', newId())]), {
          code: 'EVENT_ID_REUSED',
        });
      }),
    );

    it(
      'starts a consultation with a chosen id once, whoever asks again',
      withStore(async (store) => {
        const consultationId = newId();
        const command = { userId: 'dr', source: 'test', consultationId, patientStub: { age: 40 } };
        const answers = await Promise.all([
          store.create(command),
          store.create(command),
          store.create(command),
        ]);
        assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
        assert.equal(new Set(answers.map(({ sessionId }) => sessionId)).size, 1);
        await assert.rejects(store.create({ ...command, userId: 'other' }), {
          code: 'CONSULTATION_ALREADY_STARTED',
        });
        assert.deepEqual((await store.state(consultationId)).patient_data, { age: 40 });
      }),
    );
  });
}
