/**
 * The fold: what each event does to the state of its consultation.
 *
 * It is deterministic, and trusts that a payload was validated before it was stored. It owns the state and
 * changes it in place, so that an event costs the same whether it is the tenth or the five thousandth; it
 * never changes an event, though parts of payloads become parts of the state. Whoever keeps a state beyond the
 * next event, other than as JSON text, must copy it.
 */
import {
  type ConsultationMessage,
  type ConsultationState,
  initialState,
  patientStubOf,
  startContents,
} from './consultation-state.js';
import { assert } from './errors.js';
import type { FoldedEvent, Json, JsonObject } from './event.js';
import type { EventType } from './event-types.js';
import type { PayloadOf } from './payload-schemas.js';

/**
 * The version of what this file makes of events, and of the text of it (state-text.ts). A state that was kept on disk
 * under another one is not used, so it has to be raised whenever the same events give another state or text.
 */
export const STATE_FORMAT = 2;

/** A state and what is needed to take it further. Only `state` is shown to anybody. */
export interface ConsultationFold {
  readonly state: ConsultationState;
  /** What a reset brings the patient data back to. */
  readonly patientStub: JsonObject;
  /** The messages of `state.messages` by id, so that naming one does not search the list. */
  readonly messageById: Map<string, ConsultationMessage>;
}

/**
 * Takes a fold (none before the first event) one event further, in place, and returns it.
 *
 * Events of one consultation come in the order of their versions, without a gap; anything else is a bug of the
 * caller and asserted. Costs the same whatever the length of the history.
 */
export function foldEvent(fold: ConsultationFold | undefined, event: FoldedEvent): ConsultationFold {
  if (fold === undefined) {
    return { state: initialState(event), patientStub: patientStubOf(event), messageById: new Map() };
  }
  const { state } = fold;
  assert(event.consultation_id === state.consultation_id, 'a fold is of one consultation');
  assert(event.version === state.version + 1, 'events are folded without a gap');
  assert(event.event_type !== 'CONSULTATION_STARTED', 'a consultation starts once');
  const effect = EFFECTS[event.event_type] as Effect<LaterEventType>;
  effect(fold, event.payload as PayloadOf<LaterEventType>, event);
  state.updated_at = event.timestamp;
  state.version = event.version;
  state.event_count += 1;
  state.last_event_id = event.event_id;
  return fold;
}

/** Folds all events of a consultation (or the further ones, onto `fold`); there must be at least one. */
export function foldEvents(events: Iterable<FoldedEvent>, fold?: ConsultationFold): ConsultationFold {
  let result = fold;
  for (const event of events) result = foldEvent(result, event);
  assert(result !== undefined, 'a consultation has at least one event');
  return result;
}

/** The fold that a state belongs to, to take it further; it owns the state from here on. */
export function foldOfState(state: ConsultationState, patientStub: JsonObject): ConsultationFold {
  const messageById = new Map(state.messages.map((message) => [message.message_id, message]));
  return { state, patientStub, messageById };
}

type LaterEventType = Exclude<EventType, 'CONSULTATION_STARTED'>;

type Effect<T extends EventType> = (
  fold: ConsultationFold,
  payload: PayloadOf<T>,
  event: FoldedEvent,
) => void;

/** Events that are history and nothing else. */
const none = (): void => {};

/** One effect for each type; the compiler refuses a type without one. */
const EFFECTS: { readonly [T in LaterEventType]: Effect<T> } = {
  MESSAGE_RECEIVED: addMessage,
  MESSAGE_UPDATED: (fold, { message_id, updated_content }, { timestamp }) =>
    changeMessage(fold, message_id, { content: updated_content, updated_at: timestamp }),
  MESSAGE_DELETED: (fold, { message_id }) => changeMessage(fold, message_id, { is_deleted: true }),
  MESSAGE_PROCESSED: (fold, { message_id }) => changeMessage(fold, message_id, { is_processed: true }),
  MESSAGES_CLEARED: clearMessages,
  CONSULTATION_RESET: (fold) => {
    clearMessages(fold);
    Object.assign(fold.state, startContents(fold.patientStub));
  },
  CONSULTATION_COMMITTED: commit,
  ADDENDUM_ADDED: ({ state }, _, event) => {
    state.addenda.push(withOrigin(event));
  },
  EXTRACTION_STARTED: none,
  EXTRACTION_COMPLETED: ({ state }, payload) => {
    state.extraction_data = payload.extraction_data;
    state.extraction_iteration = payload.iteration;
    state.completeness = payload.completeness;
    state.nom_compliance = payload.nom_compliance;
  },
  EXTRACTION_FAILED: none,
  EXTRACTION_ITERATION_INCREMENTED: ({ state }, { new_iteration }) => {
    state.extraction_iteration = new_iteration;
  },
  EXTRACTION_PROCESS_COMPLETED: ({ state }, payload) => {
    state.extraction_data = payload.final_extraction;
    state.completeness = payload.final_completeness;
    state.nom_compliance = payload.final_nom_compliance;
  },
  DEMOGRAPHICS_UPDATED: ({ state }, _, { payload }) => {
    state.patient_data = merged(state.patient_data, payload);
  },
  SYMPTOMS_UPDATED: ({ state }, _, { payload }) => {
    state.symptoms = merged(state.symptoms, payload);
  },
  CONTEXT_UPDATED: ({ state }, _, { payload }) => {
    state.context = merged(state.context, payload);
  },
  COMPLETENESS_CALCULATED: ({ state }, { completeness_percentage }) => {
    state.completeness = completeness_percentage;
  },
  SOAP_GENERATION_STARTED: none,
  SOAP_SECTION_COMPLETED: ({ state }, { section_name, section_content }) => {
    state.soap_note = { ...state.soap_note, [section_name]: section_content };
  },
  SOAP_GENERATION_COMPLETED: ({ state }, { soap_data }) => {
    state.soap_note = soap_data;
  },
  // What a failed generation left behind is no note: a reader could take half of one for the whole.
  SOAP_GENERATION_FAILED: none,
  CRITICAL_PATTERN_DETECTED: ({ state }, _, event) => {
    state.alerts.push(withOrigin(event));
  },
  URGENCY_CLASSIFIED: ({ state }, _, { payload }) => {
    state.urgency_assessment = payload;
  },
  LLM_CALL_INITIATED: none,
  LLM_CALL_COMPLETED: none,
  LLM_CALL_FAILED: none,
  AUDIT_ENTRY_CREATED: none,
  CORE_STATE_CHANGED: none,
  CORE_ERROR_OCCURRED: none,
};

function addMessage(
  { state, messageById }: ConsultationFold,
  payload: PayloadOf<'MESSAGE_RECEIVED'>,
  event: FoldedEvent,
): void {
  const message: ConsultationMessage = {
    message_id: event.event_id,
    role: payload.message_role,
    content: payload.message_content,
    metadata: payload.metadata ?? null,
    timestamp: event.timestamp,
    updated_at: null,
    is_deleted: false,
    is_processed: false,
  };
  state.messages.push(message);
  messageById.set(message.message_id, message);
}

/**
 * Changes a message. One that is not in the list is passed over: the rules refuse such an event, and a history
 * that has one all the same must still be readable.
 */
function changeMessage(
  fold: ConsultationFold,
  messageId: string,
  change: Partial<ConsultationMessage>,
): void {
  const message = fold.messageById.get(messageId);
  if (message !== undefined) Object.assign(message, change);
}

function clearMessages({ state, messageById }: ConsultationFold): void {
  state.messages = [];
  messageById.clear();
}

function commit({ state }: ConsultationFold, payload: PayloadOf<'CONSULTATION_COMMITTED'>): void {
  state.status = 'committed';
  state.is_committed = true;
  state.commit_hash = payload.commit_hash;
  state.soap_note = payload.soap_data;
  state.completeness = payload.completeness;
  state.nom_compliance = payload.nom_compliance;
}

/** The payload with where it came from, which wins over fields of the same name. */
function withOrigin({ payload, event_id, timestamp }: FoldedEvent): JsonObject {
  return { ...payload, event_id, timestamp };
}

/** `known` with the fields of `stated` that say something; null says that nothing is known, and changes nothing. */
function merged(known: JsonObject | null, stated: JsonObject): JsonObject {
  const said = Object.entries(stated).filter((field): field is [string, Json] => field[1] !== null);
  return { ...known, ...Object.fromEntries(said) };
}
