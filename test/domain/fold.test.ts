import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { foldEvent, foldEvents } from '../../src/domain/fold.js';
import {
  buildConsultation,
  buildEvent,
  CONSULTATION_ID,
  type EventSpec,
  eventId,
  examplePayload,
  SESSION_ID,
  timestamp,
} from './consultation-builder.js';
import { changeOf, STUB, said, stateAfter } from './fold-helpers.js';

/** A message as the state shows it, received at a version. */
function message(version: number, content: string, change: JsonObject = {}): JsonObject {
  return {
    message_id: eventId(version),
    role: 'user',
    content,
    metadata: null,
    timestamp: timestamp(version),
    updated_at: null,
    is_deleted: false,
    is_processed: false,
    ...change,
  };
}

const EMPTY = {
  messages: [],
  symptoms: null,
  context: null,
  extraction_data: null,
  extraction_iteration: 0,
  soap_note: null,
  urgency_assessment: null,
  alerts: [],
  completeness: 0,
  nom_compliance: 0,
  addenda: [],
};

describe('the start', () => {
  it('gives every field of the state a value', () => {
    assert.deepEqual(stateAfter(), {
      consultation_id: CONSULTATION_ID,
      session_id: SESSION_ID,
      status: 'active',
      created_at: timestamp(1),
      updated_at: timestamp(1),
      patient_data: STUB,
      ...EMPTY,
      is_committed: false,
      commit_hash: null,
      version: 1,
      event_count: 1,
      last_event_id: eventId(1),
    });
  });

  it('leaves the patient data empty when there is no stub, or a null one', () => {
    assert.deepEqual(foldEvents(buildConsultation([])).state.patient_data, {});
    const nullStub = buildEvent(1, 'CONSULTATION_STARTED', { session_id: SESSION_ID, patient_stub: null });
    assert.deepEqual(foldEvents([nullStub]).state.patient_data, {});
  });
});

describe('every event', () => {
  it('moves the version, the count, the time and the last id, and never who and when it was started', () => {
    for (const type of EVENT_TYPES.slice(1)) {
      const state = stateAfter(said('one'), [type, examplePayload(type)]);
      assert.equal(state.version, 3, type);
      assert.equal(state.event_count, 3, type);
      assert.equal(state.updated_at, timestamp(3), type);
      assert.equal(state.last_event_id, eventId(3), type);
      assert.equal(state.created_at, timestamp(1), type);
      assert.equal(state.session_id, SESSION_ID, type);
      assert.equal(state.consultation_id, CONSULTATION_ID, type);
    }
  });

  it('is history and nothing else when the contract names no effect', () => {
    const types: EventType[] = [
      'EXTRACTION_STARTED',
      'EXTRACTION_FAILED',
      'SOAP_GENERATION_STARTED',
      'SOAP_GENERATION_FAILED',
      'LLM_CALL_INITIATED',
      'LLM_CALL_COMPLETED',
      'LLM_CALL_FAILED',
      'AUDIT_ENTRY_CREATED',
      'CORE_STATE_CHANGED',
      'CORE_ERROR_OCCURRED',
    ];
    for (const type of types) assert.deepEqual(changeOf(said('one'), [type, examplePayload(type)]), {}, type);
  });
});

describe('messages', () => {
  it('are listed oldest first, under the id of their event', () => {
    const withMetadata: EventSpec = [
      'MESSAGE_RECEIVED',
      { message_content: 'two', message_role: 'assistant', metadata: { model: 'm' } },
    ];
    assert.deepEqual(stateAfter(said('one'), withMetadata).messages, [
      message(2, 'one'),
      message(3, 'two', { role: 'assistant', metadata: { model: 'm' } }),
    ]);
  });

  it('take a new content, and keep the time of their last edit', () => {
    const edit: EventSpec = ['MESSAGE_UPDATED', { message_id: eventId(2), updated_content: 'ONE' }];
    assert.deepEqual(changeOf(said('one'), said('two'), edit), {
      messages: [message(2, 'ONE', { updated_at: timestamp(4) }), message(3, 'two')],
    });
  });

  it('are marked deleted and keep their content', () => {
    assert.deepEqual(
      changeOf(said('one'), said('two'), ['MESSAGE_DELETED', { message_id: eventId(3) }]).messages,
      [message(2, 'one'), message(3, 'two', { is_deleted: true })],
    );
  });

  it('are marked processed', () => {
    assert.deepEqual(changeOf(said('one'), ['MESSAGE_PROCESSED', { message_id: eventId(2) }]), {
      messages: [message(2, 'one', { is_processed: true })],
    });
  });

  it('are cleared, and can no longer be changed', () => {
    const specs: EventSpec[] = [
      said('one'),
      ['MESSAGES_CLEARED', { core_id: 'c', message_count_cleared: 1 }],
      said('two'),
    ];
    assert.deepEqual(stateAfter(...specs).messages, [message(4, 'two')]);
    assert.deepEqual(changeOf(...specs, ['MESSAGE_DELETED', { message_id: eventId(2) }]), {});
  });

  it('that nobody knows change nothing, so that the history stays readable', () => {
    assert.deepEqual(changeOf(said('one'), ['MESSAGE_DELETED', { message_id: eventId(99) }]), {});
  });
});

describe('the look-up of messages', () => {
  it('holds the messages of the list and no others', () => {
    const clears: EventSpec[] = [
      ['MESSAGES_CLEARED', examplePayload('MESSAGES_CLEARED')],
      ['CONSULTATION_RESET', examplePayload('CONSULTATION_RESET')],
    ];
    for (const clear of clears) {
      const fold = foldEvents(buildConsultation([said('one'), clear, said('two')]));
      assert.deepEqual([...fold.messageById], [[eventId(4), fold.state.messages[0]]]);
    }
  });
});

describe('a reset', () => {
  const everything: EventSpec[] = EVENT_TYPES.filter(
    (type) =>
      !['CONSULTATION_STARTED', 'CONSULTATION_RESET', 'CONSULTATION_COMMITTED', 'MESSAGES_CLEARED'].includes(
        type,
      ),
  ).map((type) => [type, examplePayload(type)]);

  it('goes back to the start state with the stub, and the version goes on', () => {
    const count = everything.length + 2;
    assert.deepEqual(stateAfter(...everything, ['CONSULTATION_RESET', { reason: 'wrong patient' }]), {
      ...stateAfter(),
      updated_at: timestamp(count),
      version: count,
      event_count: count,
      last_event_id: eventId(count),
    });
  });

  it('undoes something in every field that it brings back', () => {
    const state = stateAfter(...everything) as unknown as JsonObject;
    for (const [name, value] of Object.entries({ ...EMPTY, patient_data: STUB })) {
      assert.notDeepEqual(state[name], value, name);
    }
  });

  it('forgets the messages', () => {
    const specs: EventSpec[] = [said('one'), ['CONSULTATION_RESET', { reason: 'again' }]];
    assert.deepEqual(
      changeOf(...specs, ['MESSAGE_UPDATED', { message_id: eventId(2), updated_content: 'x' }]),
      {},
    );
    assert.deepEqual(stateAfter(...specs, said('two')).messages, [message(4, 'two')]);
  });
});

describe('a bug of the caller', () => {
  const [started, next, last] = buildConsultation([said('one'), said('two')]);
  assert.ok(started && next && last);

  it('stops at a gap, a repeat, another consultation, a second start, a missing start, and nothing at all', () => {
    assert.throws(() => foldEvents([started, last]), /without a gap/);
    assert.throws(() => foldEvents([started, next, next]), /without a gap/);
    assert.throws(() => foldEvents([started, { ...next, consultation_id: eventId(7) }]), /one consultation/);
    assert.throws(() => foldEvents([started, { ...started, version: 2 }]), /starts once/);
    assert.throws(() => foldEvent(undefined, next), /starts with CONSULTATION_STARTED/);
    assert.throws(() => foldEvents([]), /at least one event/);
  });
});
