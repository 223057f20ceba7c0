/** Builds the events of a consultation for tests: fixed ids and times, versions without a gap. */
import type { ConsultationEvent, JsonObject } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';
import { PAYLOAD_SCHEMAS, type PayloadOf } from '../../src/domain/payload-schemas.js';

export const CONSULTATION_ID = '019a1f0c-0000-7000-8000-00000000c0de';
export const SESSION_ID = '019a1f0c-7b10-7c44-8e19-3d5a0c9b7f61';
const START_MS = Date.UTC(2025, 10, 20, 9);

/** The id of the event at a version. */
export function eventId(version: number): string {
  return `019a1f0c-0000-7000-8000-${version.toString(16).padStart(12, '0')}`;
}

/** The time of the event at a version: a second apart. */
export function timestamp(version: number): string {
  return new Date(START_MS + (version - 1) * 1000).toISOString();
}

/** The example payload of a type, as a copy that a test may change. */
export function examplePayload(type: EventType): JsonObject {
  const { examples } = PAYLOAD_SCHEMAS[type] as { examples?: JsonObject[] };
  return structuredClone(examples?.[0] as JsonObject);
}

export function buildEvent<T extends EventType>(
  version: number,
  type: T,
  payload: PayloadOf<T> | JsonObject = examplePayload(type),
): ConsultationEvent {
  return {
    event_id: eventId(version),
    consultation_id: CONSULTATION_ID,
    sequence: version,
    version,
    timestamp: timestamp(version),
    event_type: type,
    payload: payload as JsonObject,
    metadata: { source: 'test', user_id: 'dr-test', session_id: SESSION_ID, timezone: 'UTC' },
    audit_hash: '',
    hash: '',
  };
}

/** An event to come: its type, and its payload unless the example will do. */
export type EventSpec = readonly [type: EventType, payload?: JsonObject];

/** CONSULTATION_STARTED with a stub at version 1, followed by these from version 2. */
export function buildConsultation(
  specs: readonly EventSpec[],
  patientStub?: JsonObject,
): ConsultationEvent[] {
  const started = { session_id: SESSION_ID, ...(patientStub && { patient_stub: patientStub }) };
  return [
    buildEvent(1, 'CONSULTATION_STARTED', started),
    ...specs.map(([type, payload], index) => buildEvent(index + 2, type, payload)),
  ];
}

/** Freezes a value and all within it, so that a change to it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
