/** What the tests of the fold share. */
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import type { JsonObject } from '../../src/domain/event.js';
import { foldEvents } from '../../src/domain/fold.js';
import { buildConsultation, deepFreeze, type EventSpec } from './consultation-builder.js';

/** What the consultations of the fold's tests start with. */
export const STUB = { age: 58, patient_id: 'p-1' };

/** The state after these events, which are frozen: the fold must not change them. */
export function stateAfter(...specs: EventSpec[]): ConsultationState {
  return foldEvents(deepFreeze(buildConsultation(specs, STUB))).state;
}

/** The fields of the state that the last event changed, beside those that every event changes. */
export function changeOf(...specs: EventSpec[]): JsonObject {
  const before = stateAfter(...specs.slice(0, -1)) as unknown as JsonObject;
  const after = stateAfter(...specs) as unknown as JsonObject;
  const always = ['updated_at', 'version', 'event_count', 'last_event_id'];
  return Object.fromEntries(
    Object.entries(after).filter(
      ([name, value]) => !always.includes(name) && JSON.stringify(value) !== JSON.stringify(before[name]),
    ),
  );
}

/** A message of the patient. */
export const said = (content: string): EventSpec => [
  'MESSAGE_RECEIVED',
  { message_content: content, message_role: 'user' },
];
