/** The scripted consultation: all types, valid payloads, and a state that is ready for its commit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import { advanceHead, type ConsultationHead } from '../../src/domain/consultation-head.js';
import { consultationScript } from '../../src/domain/consultation-script.js';
import type { ConsultationTranscript } from '../../src/domain/consultation-transcript.js';
import type { ConsultationEvent, JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { type ConsultationFold, foldEvents } from '../../src/domain/fold.js';
import { PAYLOAD_SCHEMAS } from '../../src/domain/payload-schemas.js';
import { checkAppend } from '../../src/domain/rules.js';
import { encodeLink, GENESIS_HASH, LinkView } from '../../src/domain/stored-event.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import { buildEvent, CONSULTATION_ID, eventId, SESSION_ID } from './consultation-builder.js';

/** The events of a script, each checked against its schema and the rules as a store would. */
function playedEvents(transcript: ConsultationTranscript): ConsultationEvent[] {
  const events = [buildEvent(1, 'CONSULTATION_STARTED', { session_id: SESSION_ID })];
  let head = headAfter(undefined, events[0] as ConsultationEvent);
  const messageIds: string[] = [];
  for (const { type, payload: payloadFor } of consultationScript(transcript, 3)) {
    const payload = payloadFor(messageIds);
    const validator = Compile(PAYLOAD_SCHEMAS[type]);
    assert.ok(validator.Check(payload), `${type}: ${JSON.stringify(validator.Errors(payload))}`);
    const isKnown = (id: string): boolean => messageIds.includes(id) && versionOf(id) > head.clearedVersion;
    checkAppend(head, { type, payload }, isKnown);
    const event = buildEvent(events.length + 1, type, payload);
    events.push(event);
    head = headAfter(head, event);
    if (type === 'MESSAGE_RECEIVED') messageIds.push(event.event_id);
  }
  return events;
}

function versionOf(id: string): number {
  return Number.parseInt(id.slice(-12), 16);
}

function headAfter(head: ConsultationHead | undefined, event: ConsultationEvent): ConsultationHead {
  const link = encodeLink(
    {
      eventId: event.event_id,
      consultationId: CONSULTATION_ID,
      sessionId: SESSION_ID,
      timestampMs: Date.parse(event.timestamp),
      version: event.version,
      type: event.event_type,
      source: 'test',
      timezone: 'UTC',
      userId: 'dr-test',
      payload: JSON.stringify(event.payload),
    },
    GENESIS_HASH,
  );
  return advanceHead(head, new LinkView(link), event.sequence, GENESIS_HASH);
}

function stateOf(events: readonly ConsultationEvent[]): ConsultationFold['state'] {
  return foldEvents(events).state;
}

describe('consultationScript', () => {
  it('has every type, in an order that the rules accept, and ends with the commit and an addendum', () => {
    for (const transcript of syntheticConsultations({ seed: 4, count: 5 })) {
      const types = playedEvents(transcript).map((event) => event.event_type);
      assert.deepEqual(new Set(types), new Set(EVENT_TYPES));
      assert.deepEqual(types.slice(-2), ['CONSULTATION_COMMITTED', 'ADDENDUM_ADDED']);
    }
  });

  it('leaves the messages of the transcript, and a note complete enough for its commit', () => {
    const [transcript] = syntheticConsultations({ seed: 4, count: 1, language: 'en' });
    assert.ok(transcript);
    const state = stateOf(playedEvents(transcript));
    const kept = state.messages.filter((message) => !message.is_deleted).map(({ content }) => content);
    const said = transcript.messages.map(({ text }) => text);
    assert.deepEqual(kept, [`${said[0]} (corrected)`, ...said.slice(1)]);
    assert.equal(state.messages.length, said.length + 1);
    assert.ok(state.completeness >= 80 && state.nom_compliance >= 90);
    assert.equal(Object.values(state.soap_note as JsonObject).join('\n'), transcript.note);
    assert.equal(state.is_committed, true);
    assert.equal(state.addenda.length, 1);
  });

  it('takes a transcript with a single message and nothing optional', () => {
    const transcript = { id: 'x', source: 'test', messages: [{ role: 'family', text: 'Hello.' }] };
    const state = stateOf(playedEvents(transcript));
    assert.equal(state.messages.filter((message) => !message.is_deleted).length, 1);
  });

  it('repeats itself for the same transcript and seed, and not for another seed', () => {
    const [transcript] = syntheticConsultations({ seed: 4, count: 1 });
    assert.ok(transcript);
    const ids = transcript.messages.map((_, index) => eventId(index + 1));
    const played = (seed: number): unknown[] =>
      [...consultationScript(transcript, seed)].map(({ type, payload }) => [type, payload(ids)]);
    assert.deepEqual(played(1), played(1));
    assert.notDeepEqual(played(1), played(2));
  });
});
