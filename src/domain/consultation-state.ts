/**
 * The state of a consultation: what its events add up to, as the API shows it.
 *
 * It is plain JSON. What is not known yet is null, never missing, so that the shape is always the same.
 */
import type { Static, TSchema } from 'typebox';
import { assert } from './errors.js';
import type { FoldedEvent, JsonObject } from './event.js';
import { oneOf, openObject, percent, sha256Hex, uuidV7 } from './payload-schemas/fields.js';
import type { PayloadOf } from './payload-schemas.js';
import { Type } from './schema.js';

const time = (description: string) => Type.String({ format: 'date-time', description });
const orNull = <S extends TSchema>(schema: S, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** A message of the consultation. */
export const ConsultationMessageSchema = Type.Object({
  message_id: uuidV7('The event_id of the event that brought it.'),
  role: oneOf(['user', 'assistant'], 'Who said it.'),
  content: Type.String({ description: 'The content after the last edit.' }),
  metadata: orNull(openObject('As it was sent.'), 'What the front end wanted kept with it, or null.'),
  timestamp: time('When it was received.'),
  updated_at: orNull(time('When.'), 'When its content was last edited, or null.'),
  is_deleted: Type.Boolean({ description: 'Whether it was marked deleted; its content is still here.' }),
  is_processed: Type.Boolean({ description: 'Whether it was marked processed.' }),
});
export type ConsultationMessage = Static<typeof ConsultationMessageSchema>;

/** The part of the state that a reset brings back to its start; a member each so that none is forgotten. */
const contents = {
  patient_data: openObject('The patient stub, with what DEMOGRAPHICS_UPDATED said since.'),
  messages: Type.Array(ConsultationMessageSchema, { description: 'Oldest first.' }),
  symptoms: orNull(openObject('By field.'), 'What SYMPTOMS_UPDATED said, the newest of each field; or null.'),
  context: orNull(openObject('By field.'), 'What CONTEXT_UPDATED said, the newest of each field; or null.'),
  extraction_data: orNull(openObject('As extracted.'), 'The newest extraction, or null.'),
  extraction_iteration: Type.Integer({
    minimum: 0,
    maximum: 5,
    description: 'The extraction round; 0 before the first.',
  }),
  soap_note: orNull(openObject('By section.'), 'The note, or null.'),
  urgency_assessment: orNull(openObject('As classified.'), 'The newest URGENCY_CLASSIFIED, or null.'),
  alerts: Type.Array(
    openObject('The payload of CRITICAL_PATTERN_DETECTED, with event_id and timestamp of its event.'),
    { description: 'Oldest first.' },
  ),
  completeness: percent('In percent; 0 before it was known.'),
  nom_compliance: percent('In percent; 0 before it was known.'),
  addenda: Type.Array(
    openObject('The payload of ADDENDUM_ADDED, with event_id and timestamp of its event.'),
    {
      description: 'Oldest first.',
    },
  ),
};

export const ConsultationStateSchema = Type.Object(
  {
    consultation_id: uuidV7('The consultation.'),
    session_id: uuidV7('The session that it was started in.'),
    status: oneOf(['active', 'committed'], 'committed is final.'),
    created_at: time('When it was started.'),
    updated_at: time('When the newest event was stored.'),
    ...contents,
    is_committed: Type.Boolean({ description: 'Whether the note is final.' }),
    commit_hash: orNull(
      sha256Hex('Lower-case hex.'),
      'SHA-256 of the committed note in RFC 8785 form, lower-case hex; null before the commit.',
    ),
    version: Type.Integer({ minimum: 1, description: 'The version of the newest event.' }),
    event_count: Type.Integer({ minimum: 1, description: 'How many events there are.' }),
    last_event_id: uuidV7('The newest event.'),
  },
  { description: 'What the events of a consultation add up to.' },
);
export type ConsultationState = Static<typeof ConsultationStateSchema>;

/** The part of the state that starts anew at a reset. */
export type ConsultationContents = Pick<ConsultationState, keyof typeof contents>;

/** A consultation of which nothing is known but the stub. The state never changes the stub. */
export function startContents(patientStub: JsonObject): ConsultationContents {
  return {
    patient_data: patientStub,
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
}

/** What the patient data start as: the stub of CONSULTATION_STARTED, or nothing. */
export function patientStubOf(startedEvent: FoldedEvent): JsonObject {
  return (startedEvent.payload as PayloadOf<'CONSULTATION_STARTED'>).patient_stub ?? {};
}

/** The state after the first event, which must be CONSULTATION_STARTED at version 1. */
export function initialState(startedEvent: FoldedEvent): ConsultationState {
  assert(
    startedEvent.event_type === 'CONSULTATION_STARTED' && startedEvent.version === 1,
    'a consultation starts with CONSULTATION_STARTED at version 1',
  );
  return {
    consultation_id: startedEvent.consultation_id,
    session_id: (startedEvent.payload as PayloadOf<'CONSULTATION_STARTED'>).session_id,
    status: 'active',
    created_at: startedEvent.timestamp,
    updated_at: startedEvent.timestamp,
    ...startContents(patientStubOf(startedEvent)),
    is_committed: false,
    commit_hash: null,
    version: 1,
    event_count: 1,
    last_event_id: startedEvent.event_id,
  };
}
