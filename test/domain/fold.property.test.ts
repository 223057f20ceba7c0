/** The fold over random consultations. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import fc from 'fast-check';
import { advanceHead, type ConsultationHead, type HeadEvent } from '../../src/domain/consultation-head.js';
import { summaryOf } from '../../src/domain/consultation-list.js';
import { ConsultationStateSchema } from '../../src/domain/consultation-state.js';
import type { ConsultationEvent, JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { type ConsultationFold, foldEvent, foldEvents } from '../../src/domain/fold.js';
import {
  buildConsultation,
  deepFreeze,
  type EventSpec,
  eventId,
  examplePayload,
} from './consultation-builder.js';
import { testSeed } from './test-seed.js';

const LATER_TYPES = EVENT_TYPES.filter((type) => type !== 'CONSULTATION_STARTED');
/** Messages and what is done to them make up half of the events, as most of the effects are theirs. */
const MESSAGE_TYPES: EventType[] = [
  'MESSAGE_RECEIVED',
  'MESSAGE_UPDATED',
  'MESSAGE_DELETED',
  'MESSAGE_PROCESSED',
];

interface Step {
  type: EventType;
  /** Which event a message is named by; often one that brought no message. */
  target: number;
  word: string;
}

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  type: fc.oneof(fc.constantFrom(...MESSAGE_TYPES), fc.constantFrom(...LATER_TYPES)),
  target: fc.nat(),
  word: fc.string({ minLength: 1 }),
});

const consultationArbitrary = fc
  .array(stepArbitrary, { maxLength: 60 })
  .map((steps) => deepFreeze(buildConsultation(steps.map(specOf), { age: 40 })));

function specOf({ type, target, word }: Step, index: number): EventSpec {
  const payload = examplePayload(type);
  if ('message_id' in payload) payload.message_id = eventId((target % (index + 1)) + 2);
  if ('message_content' in payload) payload.message_content = word;
  if ('updated_content' in payload) payload.updated_content = word;
  return [type, { ...payload, [`extra_${target % 3}`]: word }];
}

/** Runs a property with the seed of the test. */
function check<T>(t: TestContext, property: fc.IProperty<T>): void {
  fc.assert(property, { seed: testSeed(t), numRuns: 200 });
}

const jsonOf = (fold: ConsultationFold | undefined): string => JSON.stringify(fold?.state);

/** The messages by the rules alone: look at all of the history for each. */
function expectedMessages(events: readonly ConsultationEvent[]): JsonObject[] {
  const cleared = events.findLastIndex(({ event_type }) =>
    ['MESSAGES_CLEARED', 'CONSULTATION_RESET'].includes(event_type),
  );
  const live = events.slice(cleared + 1);
  return live
    .filter(({ event_type }) => event_type === 'MESSAGE_RECEIVED')
    .map(({ event_id, payload, version }) => {
      // An event may name a message that is still to come; it has no effect.
      const about = live.filter((event) => event.payload.message_id === event_id && event.version > version);
      const edit = about.findLast(({ event_type }) => event_type === 'MESSAGE_UPDATED');
      const has = (type: EventType) => about.some(({ event_type }) => event_type === type);
      return {
        message_id: event_id,
        content: edit === undefined ? payload.message_content : edit.payload.updated_content,
        updated_at: edit?.timestamp ?? null,
        is_deleted: has('MESSAGE_DELETED'),
        is_processed: has('MESSAGE_PROCESSED'),
      } as JsonObject;
    });
}

function headEvent({ metadata, ...event }: ConsultationEvent): HeadEvent {
  return {
    eventId: event.event_id,
    consultationId: event.consultation_id,
    sessionId: metadata.session_id,
    userId: metadata.user_id,
    timestampMs: Date.parse(event.timestamp),
    version: event.version,
    type: event.event_type,
    payload: JSON.stringify(event.payload),
  };
}

describe('folding random consultations', () => {
  it('gives the same events the same state, to the byte', (t) => {
    check(
      t,
      fc.property(consultationArbitrary, (events) => {
        assert.equal(jsonOf(foldEvents(events)), jsonOf(foldEvents(structuredClone(events))));
      }),
    );
  });

  it('gives the same whether events come at once, one by one, or from some point on', (t) => {
    check(
      t,
      fc.property(consultationArbitrary, fc.nat(), (events, at) => {
        const whole = jsonOf(foldEvents(events));
        let fold: ConsultationFold | undefined;
        for (const event of events) fold = foldEvent(fold, event);
        assert.equal(jsonOf(fold), whole);
        const cut = 1 + (at % events.length);
        const first = foldEvents(events.slice(0, cut));
        assert.equal(jsonOf(foldEvents(events.slice(cut), first)), whole);
      }),
    );
  });

  it('gives the messages that the rules alone give', (t) => {
    check(
      t,
      fc.property(consultationArbitrary, (events) => {
        const { messages } = foldEvents(events).state;
        const shown = messages.map(({ message_id, content, updated_at, is_deleted, is_processed }) => ({
          message_id,
          content,
          updated_at,
          is_deleted,
          is_processed,
        }));
        assert.deepEqual(shown, expectedMessages(events));
      }),
    );
  });

  it('comes to what the head of the consultation says, which lists are made of', (t) => {
    check(
      t,
      fc.property(consultationArbitrary, (events) => {
        let head: ConsultationHead | undefined;
        for (const event of events) head = advanceHead(head, headEvent(event), event.sequence, event.hash);
        assert.ok(head !== undefined);
        const { consultationId, status, urgency, createdMs, updatedMs, version } = summaryOf(head);
        const { state } = foldEvents(events);
        assert.equal(consultationId, state.consultation_id);
        assert.equal(status, state.status);
        assert.equal(head.isCommitted, state.is_committed);
        assert.equal(urgency, state.urgency_assessment?.urgency_level ?? null);
        assert.equal(new Date(createdMs).toISOString(), state.created_at);
        assert.equal(new Date(updatedMs).toISOString(), state.updated_at);
        assert.deepEqual([version, version], [state.version, state.event_count]);
      }),
    );
  });

  it('gives a state that fits its schema and has no other field', (t) => {
    const ajv = ajvFormats.default(new Ajv2020({ allErrors: true }));
    const validate = ajv.compile({ ...ConsultationStateSchema, additionalProperties: false });
    check(
      t,
      fc.property(consultationArbitrary, (events) => {
        assert.ok(validate(foldEvents(events).state), JSON.stringify(validate.errors));
      }),
    );
  });
});
