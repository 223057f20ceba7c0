/** What the contract says of each payload: fields that must be there, values to refuse, values to accept. */
import type { Json } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';

/** The contract: fields that must be there, and fields that may be, by type. */
export const REQUIRED: { [T in EventType]: string[] } = {
  CONSULTATION_STARTED: ['session_id'],
  MESSAGE_RECEIVED: ['message_content', 'message_role'],
  MESSAGE_UPDATED: ['message_id', 'updated_content'],
  MESSAGE_DELETED: ['message_id'],
  MESSAGE_PROCESSED: ['message_id'],
  MESSAGES_CLEARED: ['core_id', 'message_count_cleared'],
  CONSULTATION_RESET: ['reason'],
  CONSULTATION_COMMITTED: [
    'soap_data',
    'committed_by',
    'commit_hash',
    'quality_score',
    'completeness',
    'nom_compliance',
  ],
  ADDENDUM_ADDED: ['text', 'author'],
  EXTRACTION_STARTED: ['iteration', 'context_message_count', 'has_previous_extraction'],
  EXTRACTION_COMPLETED: ['iteration', 'completeness', 'nom_compliance', 'missing_fields', 'extraction_data'],
  EXTRACTION_FAILED: ['iteration', 'error_message', 'error_type'],
  EXTRACTION_ITERATION_INCREMENTED: ['new_iteration'],
  EXTRACTION_PROCESS_COMPLETED: [
    'final_extraction',
    'total_iterations',
    'final_completeness',
    'final_nom_compliance',
  ],
  DEMOGRAPHICS_UPDATED: [],
  SYMPTOMS_UPDATED: ['primary_symptoms'],
  CONTEXT_UPDATED: [],
  COMPLETENESS_CALCULATED: ['completeness_percentage', 'missing_critical_fields'],
  SOAP_GENERATION_STARTED: ['extraction_completeness', 'nom_compliance'],
  SOAP_SECTION_COMPLETED: ['section_name', 'section_content', 'confidence'],
  SOAP_GENERATION_COMPLETED: ['soap_data', 'quality_score', 'ready_for_commit'],
  SOAP_GENERATION_FAILED: ['error_message', 'partial_soap'],
  CRITICAL_PATTERN_DETECTED: [
    'pattern_name',
    'gravity_score',
    'widow_maker_alert',
    'symptoms_matched',
    'critical_differentials',
    'time_to_action',
  ],
  URGENCY_CLASSIFIED: [
    'urgency_level',
    'gravity_score',
    'time_to_action',
    'identified_patterns',
    'risk_factors',
  ],
  LLM_CALL_INITIATED: ['decision_id', 'llm_provider', 'query_text'],
  LLM_CALL_COMPLETED: ['decision_id', 'llm_provider', 'decision_result', 'confidence', 'latency_ms'],
  LLM_CALL_FAILED: ['decision_id', 'error_message', 'retry_count'],
  AUDIT_ENTRY_CREATED: ['audit_entries'],
  CORE_STATE_CHANGED: ['core_id', 'is_loading'],
  CORE_ERROR_OCCURRED: ['core_id', 'error_message'],
};

const PERCENT = [-0.1, 100.1, '50', null];
const FRACTION = [-0.01, 1.01, '0.5', null];
const ITERATION = [0, 6, 1.5, '1'];
const COUNT = [-1, 1.5, '3'];
const ID = ['', 'm-1', '019a1f0c-7c51-4a3e-9d42-6f0b8a5c1e27', '019A1F0C-7C51-7A3E-9D42-6F0B8A5C1E27', 7];
const ENUM = ['', 'UNKNOWN', 'Unknown', 1, null];
const TEXT = ['', 1, null, ['x']];
const OBJECT = [[], 'x', null, 1];
const LIST = ['x', null, {}, [1]];
const BOOLEAN = ['true', 1, null];
const GRAVITY = [0.9, 10.1, '5', null];

/** Values that a field must refuse. */
export const REFUSED: { [T in EventType]: { [field: string]: Json[] } } = {
  CONSULTATION_STARTED: { session_id: ID, patient_stub: [[], 'x', 1] },
  MESSAGE_RECEIVED: {
    message_content: TEXT,
    message_role: [...ENUM, 'system', 'User'],
    metadata: [[], 'x'],
  },
  MESSAGE_UPDATED: { message_id: ID, updated_content: TEXT },
  MESSAGE_DELETED: { message_id: ID },
  MESSAGE_PROCESSED: { message_id: ID },
  MESSAGES_CLEARED: { core_id: TEXT, message_count_cleared: COUNT },
  CONSULTATION_RESET: { core_id: ['', 1], reason: TEXT },
  CONSULTATION_COMMITTED: {
    soap_data: OBJECT,
    committed_by: TEXT,
    commit_hash: ['', 'a'.repeat(63), 'A'.repeat(64), 'g'.repeat(64), `${'a'.repeat(64)}\n`, null],
    quality_score: FRACTION,
    completeness: PERCENT,
    nom_compliance: PERCENT,
  },
  ADDENDUM_ADDED: { text: TEXT, author: TEXT, reason: ['', 1] },
  EXTRACTION_STARTED: {
    iteration: ITERATION,
    context_message_count: COUNT,
    has_previous_extraction: BOOLEAN,
  },
  EXTRACTION_COMPLETED: {
    iteration: ITERATION,
    completeness: PERCENT,
    nom_compliance: PERCENT,
    missing_fields: LIST,
    extraction_data: OBJECT,
  },
  EXTRACTION_FAILED: { iteration: ITERATION, error_message: [1, null], error_type: TEXT },
  EXTRACTION_ITERATION_INCREMENTED: { new_iteration: ITERATION },
  EXTRACTION_PROCESS_COMPLETED: {
    final_extraction: OBJECT,
    total_iterations: COUNT,
    final_completeness: PERCENT,
    final_nom_compliance: PERCENT,
  },
  DEMOGRAPHICS_UPDATED: {
    age: [-1, 151, 40.5, '40'],
    gender: ['', 'm', 'Male', 1],
    weight: [0, -1, '80'],
    height: [0, -1, '180'],
    occupation: ['', 1],
  },
  SYMPTOMS_UPDATED: {
    primary_symptoms: LIST,
    secondary_symptoms: ['', 1, [1], {}],
    duration: ['', 3],
    severity: ['', 'extreme', 'Mild', 1],
    location: ['', 1],
    quality: ['', 1],
    aggravating_factors: ['', [2]],
    relieving_factors: ['', true],
  },
  CONTEXT_UPDATED: {
    past_medical_history: ['', 1],
    family_history: ['', [null]],
    medications: ['', [1], 5],
    allergies: ['', false],
    surgeries: ['', ['']],
  },
  COMPLETENESS_CALCULATED: { completeness_percentage: PERCENT, missing_critical_fields: LIST },
  SOAP_GENERATION_STARTED: { extraction_completeness: PERCENT, nom_compliance: PERCENT },
  SOAP_SECTION_COMPLETED: {
    section_name: [...ENUM, 'summary'],
    section_content: ['', 1, null, ['x']],
    confidence: FRACTION,
  },
  SOAP_GENERATION_COMPLETED: { soap_data: OBJECT, quality_score: FRACTION, ready_for_commit: BOOLEAN },
  SOAP_GENERATION_FAILED: { error_message: [1, null], partial_soap: ['x', [], 1] },
  CRITICAL_PATTERN_DETECTED: {
    pattern_name: TEXT,
    gravity_score: GRAVITY,
    widow_maker_alert: BOOLEAN,
    symptoms_matched: LIST,
    critical_differentials: LIST,
    time_to_action: [...ENUM, 'soon'],
  },
  URGENCY_CLASSIFIED: {
    urgency_level: [...ENUM, 'urgent', 'Critical'],
    gravity_score: GRAVITY,
    time_to_action: [...ENUM, 'soon'],
    identified_patterns: LIST,
    risk_factors: LIST,
    immediate_actions: ['x', {}, [1]],
  },
  LLM_CALL_INITIATED: { decision_id: TEXT, llm_provider: TEXT, query_text: [1, null], agent_name: ['', 1] },
  LLM_CALL_COMPLETED: {
    decision_id: TEXT,
    llm_provider: TEXT,
    confidence: FRACTION,
    latency_ms: [-1, '5', null],
    tokens_used: [-1, 0.5, '9'],
  },
  LLM_CALL_FAILED: { decision_id: TEXT, error_message: [1, null], retry_count: COUNT },
  AUDIT_ENTRY_CREATED: { audit_entries: [[], {}, null, ['x'], [{}]] },
  CORE_STATE_CHANGED: { core_id: TEXT, is_loading: BOOLEAN },
  CORE_ERROR_OCCURRED: { core_id: TEXT, error_message: [1, null] },
};

/** Values that a field must accept: the ends of its range, and each of its words. */
export const ACCEPTED: { [T in EventType]?: { [field: string]: Json[] } } = {
  MESSAGE_RECEIVED: { message_role: ['user', 'assistant'], metadata: [{}, null] },
  CONSULTATION_STARTED: { patient_stub: [{}, null, { any: ['thing'] }] },
  CONSULTATION_COMMITTED: { quality_score: [0, 1], completeness: [0, 100], nom_compliance: [0, 100] },
  CONSULTATION_RESET: { core_id: [null] },
  EXTRACTION_STARTED: { iteration: [1, 5], context_message_count: [0] },
  EXTRACTION_COMPLETED: { iteration: [1, 5], completeness: [0, 100], missing_fields: [[]] },
  EXTRACTION_FAILED: { error_message: [''] },
  EXTRACTION_ITERATION_INCREMENTED: { new_iteration: [1, 5] },
  DEMOGRAPHICS_UPDATED: {
    age: [0, 150, null],
    gender: ['male', 'female', 'other', null],
    weight: [0.4, null],
  },
  SYMPTOMS_UPDATED: {
    primary_symptoms: [[]],
    severity: ['mild', 'moderate', 'severe', null],
    secondary_symptoms: ['nausea', ['nausea'], [], null],
    duration: [null],
  },
  CONTEXT_UPDATED: { medications: ['losartan', ['losartan'], [{ name: 'losartan', dose_mg: 50 }], null] },
  SOAP_SECTION_COMPLETED: {
    section_name: ['subjective', 'objective', 'assessment', 'plan'],
    section_content: ['text', { field: 1 }],
    confidence: [0, 1],
  },
  SOAP_GENERATION_FAILED: { partial_soap: [null, {}, { plan: 'rest' }] },
  CRITICAL_PATTERN_DETECTED: {
    gravity_score: [1, 10],
    time_to_action: ['immediate', 'urgent', 'priority', 'routine'],
  },
  URGENCY_CLASSIFIED: {
    urgency_level: ['critical', 'high', 'medium', 'low'],
    time_to_action: ['immediate', 'urgent', 'priority', 'routine'],
    identified_patterns: [[], [{ name: 'aortic dissection' }]],
    immediate_actions: [[], null],
  },
  LLM_CALL_INITIATED: { query_text: [''], agent_name: [null] },
  LLM_CALL_COMPLETED: {
    decision_result: [null, 'yes', 1, false, [], {}],
    confidence: [0, 1],
    tokens_used: [0, null],
  },
};
