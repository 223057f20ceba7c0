/** The shapes that the client sends and gives: the types of the schemas that the service validates with. */
import type { Static } from 'typebox';
import type { EventType } from '../domain/event-types.js';
import type { PayloadOf } from '../domain/payload-schemas.js';
import type { DifferenceAnswer } from '../http/as-of.js';
import type { ListAnswer, ListQuery } from '../http/list-schemas.js';
import type {
  AppendedAnswer,
  BatchAnswer,
  CreateBody,
  CreatedAnswer,
  StreamedAnswer,
  VerifyAnswer,
} from '../http/schemas.js';

export type { ConsultationState } from '../domain/consultation-state.js';
export type { ErrorCode } from '../domain/errors.js';
export type { ConsultationEvent, JsonObject } from '../domain/event.js';
export type { EventType } from '../domain/event-types.js';
export type { PayloadOf } from '../domain/payload-schemas.js';
export type { SoapView } from '../domain/soap.js';

/** What a consultation is started with. */
export type NewConsultation = Static<typeof CreateBody>;
/** A consultation that was started. */
export type Created = Static<typeof CreatedAnswer>;

/** An event to append, with the payload of its type; fields beyond the listed ones are kept as sent. */
export type NewEvent = {
  [T in EventType]: {
    event_type: T;
    payload: PayloadOf<T> & { [field: string]: unknown };
    user_id: string;
    event_id?: string;
  };
}[EventType];

/** An event that is durable. */
export type Appended = Static<typeof AppendedAnswer>;
/** Several events that are durable, in the order sent. */
export type AppendedBatch = Static<typeof BatchAnswer>;
/** An event of a stream that is durable; `line` counts the events of the stream, from 1. */
export type AppendedLine = Static<typeof StreamedAnswer>;
/** What changed between two versions: a JSON Patch (RFC 6902) and the events. */
export type Difference = Static<typeof DifferenceAnswer>;
/** Whether a consultation is stored as it was acknowledged. */
export type Verified = Static<typeof VerifyAnswer>;
/** Which consultations; a filter that is left out asks for nothing. */
export type ConsultationFilter = Omit<Static<typeof ListQuery>, 'cursor' | 'limit'>;
/** What a list shows of a consultation. */
export type ConsultationSummary = Static<typeof ListAnswer>['consultations'][number];
