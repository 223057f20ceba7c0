/**
 * The schema of every event type's payload: what is validated, what the types come from, and what the API
 * documents. The schemas are JSON Schema 2020-12, as OpenAPI 3.1 uses it.
 *
 * They say what a payload must have; fields beyond that are accepted and kept as sent. Optional fields may also
 * be null. A schema may be loosened later and never tightened: what was stored once must stay readable.
 */
import type { Static, TObject } from 'typebox';
import type { EventType } from './event-types.js';
import { CLINICAL_DATA_SCHEMAS, EXTRACTION_SCHEMAS } from './payload-schemas/extraction.js';
import { LIFECYCLE_SCHEMAS } from './payload-schemas/lifecycle.js';
import { LLM_SCHEMAS, SYSTEM_SCHEMAS } from './payload-schemas/operations.js';
import { SOAP_SCHEMAS, URGENCY_SCHEMAS } from './payload-schemas/soap.js';

/** By event type. Each has a `description`, and one valid payload in `examples`. */
export const PAYLOAD_SCHEMAS = {
  ...LIFECYCLE_SCHEMAS,
  ...EXTRACTION_SCHEMAS,
  ...CLINICAL_DATA_SCHEMAS,
  ...SOAP_SCHEMAS,
  ...URGENCY_SCHEMAS,
  ...LLM_SCHEMAS,
  ...SYSTEM_SCHEMAS,
} satisfies { [T in EventType]: TObject };

/** A valid payload of one type, by its listed fields. */
export type PayloadOf<T extends EventType> = Static<(typeof PAYLOAD_SCHEMAS)[T]>;
