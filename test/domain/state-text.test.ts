import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { foldEvent, foldEvents, foldOfState } from '../../src/domain/fold.js';
import { consultationIn, stateOfText, stateTextPieces } from '../../src/domain/state-text.js';
import { buildConsultation, buildEvent, type EventSpec, eventId } from './consultation-builder.js';

function messages(count: number): EventSpec[] {
  return Array.from({ length: count }, (_, index): EventSpec => {
    const message_content = `${index} dijo:\n"sí", \u2028 y {"messages":[\n]}`;
    return ['MESSAGE_RECEIVED', { message_content, message_role: 'user' }];
  });
}

function stateWith(count: number): ConsultationState {
  const alert: EventSpec = ['CRITICAL_PATTERN_DETECTED'];
  return foldEvents(buildConsultation([alert, ...messages(count)], { note: 'a\nb' })).state;
}

const textOf = (state: ConsultationState): Buffer => Buffer.concat([...stateTextPieces(state)]);

function read(text: Buffer): ConsultationState {
  const steps = stateOfText(text);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe('the text of a state', () => {
  for (const count of [0, 1, 399, 400, 401, 1234]) {
    it(`is the state as JSON, and is read back, with ${count} messages`, () => {
      const state = stateWith(count);
      const text = textOf(state);
      assert.deepEqual(JSON.parse(text.toString()), { consultation: state });
      assert.deepEqual(consultationIn(text.toString()), state);
      assert.deepEqual(read(text), state);
    });
  }

  it('is written and read in pieces, none of which holds a long list', () => {
    const state = stateWith(5000);
    const pieces = [...stateTextPieces(state)];
    const longest = Math.max(...pieces.map(({ length }) => length));
    assert.ok(longest < textOf(state).length / 10, `${longest} bytes`);
    assert.ok([...stateOfText(textOf(state))].length >= 10);
  });

  it('is enough to go on from, resets included', () => {
    const stub = { age: 40 };
    const events = buildConsultation([...messages(3), ['DEMOGRAPHICS_UPDATED', { age: 41 }]], stub);
    const next = [
      buildEvent(6, 'MESSAGE_UPDATED', { message_id: eventId(3), updated_content: 'edited' }),
      buildEvent(7, 'CONSULTATION_RESET', { reason: 'again' }),
    ];
    const whole = foldEvents(events);
    const fromText = foldOfState(read(textOf(foldEvents(events).state)), stub);
    for (const event of next) {
      assert.deepEqual(foldEvent(fromText, event).state, foldEvent(whole, event).state);
    }
    assert.deepEqual(fromText.state.patient_data, stub);
  });
});
