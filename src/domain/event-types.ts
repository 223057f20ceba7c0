/**
 * The thirty event types of a consultation and their stored codes.
 *
 * A type's code is its position in this list plus one. The codes are part of the storage format: the list
 * may grow at its end, and is never reordered.
 */
export const EVENT_TYPES = [
  'CONSULTATION_STARTED',
  'MESSAGE_RECEIVED',
  'MESSAGE_UPDATED',
  'MESSAGE_DELETED',
  'MESSAGE_PROCESSED',
  'MESSAGES_CLEARED',
  'CONSULTATION_RESET',
  'CONSULTATION_COMMITTED',
  'ADDENDUM_ADDED',
  'EXTRACTION_STARTED',
  'EXTRACTION_COMPLETED',
  'EXTRACTION_FAILED',
  'EXTRACTION_ITERATION_INCREMENTED',
  'EXTRACTION_PROCESS_COMPLETED',
  'DEMOGRAPHICS_UPDATED',
  'SYMPTOMS_UPDATED',
  'CONTEXT_UPDATED',
  'COMPLETENESS_CALCULATED',
  'SOAP_GENERATION_STARTED',
  'SOAP_SECTION_COMPLETED',
  'SOAP_GENERATION_COMPLETED',
  'SOAP_GENERATION_FAILED',
  'CRITICAL_PATTERN_DETECTED',
  'URGENCY_CLASSIFIED',
  'LLM_CALL_INITIATED',
  'LLM_CALL_COMPLETED',
  'LLM_CALL_FAILED',
  'AUDIT_ENTRY_CREATED',
  'CORE_STATE_CHANGED',
  'CORE_ERROR_OCCURRED',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

const CODES = new Map<string, number>(EVENT_TYPES.map((type, index) => [type, index + 1]));

/** The stored code (1 to 30) of a type. */
export function eventTypeCode(type: EventType): number {
  return CODES.get(type) as number;
}

/** The type with a stored code, or `undefined` for a code this version does not know. */
export function eventTypeOfCode(code: number): EventType | undefined {
  return EVENT_TYPES[code - 1];
}

export function isEventType(value: string): value is EventType {
  return CODES.has(value);
}
