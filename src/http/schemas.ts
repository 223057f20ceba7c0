/** The shapes of requests and answers: what is validated, typed, serialised and documented. */
import type { Static } from 'typebox';
import { ConsultationStateSchema } from '../domain/consultation-state.js';
import type { JsonObject } from '../domain/event.js';
import { EVENT_TYPES, type EventType } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import { PAYLOAD_SCHEMAS } from '../domain/payload-schemas.js';
import { PLAIN_TEXT_PATTERN } from '../domain/plain-text.js';
import { Type } from '../domain/schema.js';
import { UUID_V7_PATTERN } from '../domain/uuid.js';
import { asOfParameters } from './as-of.js';

const uuid = (description: string) => Type.String({ pattern: UUID_V7_PATTERN, description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const sha256 = (description: string) => Type.String({ pattern: '^[0-9a-f]{64}$', description });
const openObject = (description: string) =>
  Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true, description });
const userId = () =>
  Type.String({
    minLength: 1,
    maxLength: limits.userIdCharsMax,
    pattern: PLAIN_TEXT_PATTERN,
    description: 'Who sends it; no control characters.',
  });
const durability = () =>
  Type.Unsafe<'fsync' | 'os'>({
    type: 'string',
    enum: ['fsync', 'os'],
    description: 'fsync: it is on stable storage. os: it was written, and a power cut may still lose it.',
  });

export const ConsultationParams = Type.Object({
  id: Type.String({ description: 'The consultation_id.' }),
});

/** Routes that take no query say so, because a misspelt parameter must not be ignored. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

export const CreateBody = Type.Object(
  {
    user_id: userId(),
    patient_stub: Type.Optional(openObject('What is known of the patient at the start.')),
    consultation_id: Type.Optional(
      uuid('Chosen by a client that may have to ask again: the same request again starts nothing twice.'),
    ),
  },
  { additionalProperties: false, examples: [{ user_id: 'dr.rivera', patient_stub: { age: 58 } }] },
);

export const CreatedAnswer = Type.Object({
  consultation_id: uuid('The consultation.'),
  session_id: uuid('The session that it was started in.'),
  created_at: time('When it was started.'),
  durability: durability(),
});

export interface AppendBodyType {
  event_type: EventType;
  payload: JsonObject;
  user_id: string;
  event_id?: string;
}

const APPEND_EXAMPLE: AppendBodyType = {
  event_type: 'MESSAGE_RECEIVED',
  payload: { message_content: 'My chest has felt tight since yesterday.', message_role: 'user' },
  user_id: 'dr.rivera',
};

/**
 * One event. The branch is chosen by `event_type` alone, so that a body is compared with one payload schema and
 * not with thirty, and the errors are those of the type that was meant.
 */
export const AppendBody = Type.Unsafe<AppendBodyType>({
  type: 'object',
  required: ['event_type', 'payload', 'user_id'],
  additionalProperties: false,
  properties: {
    event_type: { type: 'string', description: 'What happened.' },
    payload: { type: 'object', description: 'By event_type; fields beyond the listed ones are kept.' },
    user_id: userId(),
    event_id: uuid('Chosen by a client that may have to ask again: the same event again is stored once.'),
  },
  discriminator: { propertyName: 'event_type' },
  oneOf: EVENT_TYPES.map((type) => ({
    title: type,
    type: 'object',
    required: ['event_type', 'payload'],
    properties: { event_type: { const: type }, payload: PAYLOAD_SCHEMAS[type] },
  })),
  examples: [APPEND_EXAMPLE],
});

/** Several events, stored together or not at all. */
export const BatchBody = Type.Unsafe<AppendBodyType[]>({
  type: 'array',
  minItems: 1,
  maxItems: limits.batchBodyEventsMax,
  items: AppendBody,
  examples: [[APPEND_EXAMPLE]],
});

const idempotencyKey = () =>
  Type.Optional(
    Type.String({
      description:
        'Chosen by a client that may have to ask again: the same request with the same key is answered as the first time.',
    }),
  );

export const CreateHeaders = Type.Object({ 'idempotency-key': idempotencyKey() });

const ifMatch = () =>
  Type.Optional(
    Type.String({
      description:
        'Append only if the consultation is at this version, such as "7" (with quotes), or at one of a list.',
    }),
  );

export const ReadHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      description: 'Answer 304 if the consultation is at this version, such as "7" (with quotes).',
    }),
  ),
});

export const AppendHeaders = Type.Object({ 'if-match': ifMatch(), 'idempotency-key': idempotencyKey() });

/** Of a stream, which one key cannot stand for. */
export const StreamHeaders = Type.Object({ 'if-match': ifMatch() });

export const AppendedAnswer = Type.Object({
  event_id: uuid('The event.'),
  consultation_id: uuid('Its consultation.'),
  event_count: Type.Integer({ description: 'Events of the consultation, this one included.' }),
  timestamp: time('When it was stored.'),
  sequence: Type.Integer({ description: 'Its place among all events of the service.' }),
  version: Type.Integer({ description: 'Its place among the events of the consultation.' }),
  audit_hash: sha256('SHA-256 of the payload in RFC 8785 form.'),
  hash: sha256('SHA-256 of the hash before it and the event as stored.'),
  durability: durability(),
});

export const BatchAnswer = Type.Object({
  consultation_id: uuid('Their consultation.'),
  event_count: Type.Integer({ description: 'Events of the consultation, these included.' }),
  events: Type.Array(AppendedAnswer, { description: 'Each as if it had come alone, in the order sent.' }),
});

/** A line of the answer to a stream. */
export const StreamedAnswer = Type.Object({
  line: Type.Integer({ minimum: 1, description: 'The line of the upload, from 1.' }),
  event_id: uuid('The event.'),
  sequence: Type.Integer({ description: 'Its place among all events of the service.' }),
  version: Type.Integer({ description: 'Its place among the events of the consultation.' }),
  timestamp: time('When it was stored.'),
  audit_hash: sha256('SHA-256 of the payload in RFC 8785 form.'),
  hash: sha256('SHA-256 of the hash before it and the event as stored.'),
  replayed: Type.Optional(Type.Literal(true, { description: 'It was stored before.' })),
});

export const ConsultationAnswer = Type.Object({ consultation: ConsultationStateSchema });

const eventTypes = () =>
  Type.Unsafe<EventType | EventType[]>({
    anyOf: [
      { type: 'string', enum: EVENT_TYPES },
      { type: 'array', items: { type: 'string', enum: EVENT_TYPES }, maxItems: EVENT_TYPES.length },
    ],
    description: 'Events of this type only; more than once for several.',
  });
const eventFormat = () =>
  Type.Unsafe<'event' | 'cloudevents'>({
    type: 'string',
    enum: ['event', 'cloudevents'],
    description: 'Whether a stream has events as they are, or as CloudEvents 1.0; event if not given.',
  });
const follow = () =>
  Type.Boolean({ description: 'Whether NDJSON goes on with events as they come; false if not given.' });
const limit = (description: string) =>
  Type.Integer({ minimum: 1, maximum: limits.pageEventsMax, description });

export const EventsQuery = Type.Object(
  {
    limit: Type.Optional(
      limit(
        `How many events; ${limits.pageEventsDefault} in a page and all in a stream if not given. Large events make a page shorter.`,
      ),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'How many events to pass over, from the oldest; of one type, these are counted.',
      }),
    ),
    from_version: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The version of the first event, instead of offset.',
      }),
    ),
    event_type: Type.Optional(eventTypes()),
    format: Type.Optional(eventFormat()),
    follow: Type.Optional(follow()),
    ...asOfParameters,
  },
  { additionalProperties: false },
);

export const FeedQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        pattern: '^(next|[1-9][0-9]{0,14})$',
        description: 'The sequence of the first event, or next for what comes from now on; 1 if not given.',
      }),
    ),
    limit: Type.Optional(limit('How many events; all if not given.')),
    event_type: Type.Optional(eventTypes()),
    format: Type.Optional(eventFormat()),
    follow: Type.Optional(follow()),
  },
  { additionalProperties: false },
);

export const OneEventQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Unsafe<'event' | 'cloudevents' | 'cloudevents-binary'>({
        type: 'string',
        enum: ['event', 'cloudevents', 'cloudevents-binary'],
        description:
          'As it is, as a CloudEvent in structured mode, or as one in binary mode: headers that begin with ce-, ' +
          'and the payload as body.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const OneEventParams = Type.Object({
  id: Type.String({ description: 'The consultation_id.' }),
  version: Type.String({ description: 'The version of the event.' }),
});

export const EventAnswer = Type.Object({
  event_id: uuid('The event.'),
  consultation_id: uuid('Its consultation.'),
  sequence: Type.Integer({ minimum: 1 }),
  version: Type.Integer({ minimum: 1 }),
  timestamp: time('When it was stored.'),
  event_type: Type.Unsafe<EventType>({ type: 'string', enum: EVENT_TYPES }),
  payload: openObject('By event_type.'),
  metadata: Type.Object({
    source: Type.String(),
    user_id: Type.String(),
    session_id: Type.String(),
    timezone: Type.String(),
  }),
  audit_hash: sha256('SHA-256 of the payload in RFC 8785 form.'),
  hash: sha256('SHA-256 of the hash before it and the event as stored.'),
});

export const EventsAnswer = Type.Object({
  consultation_id: uuid('The consultation.'),
  event_count: Type.Integer({
    description: 'All events of the consultation (as of then, if asked for), whatever the filter.',
  }),
  returned_count: Type.Integer({ description: 'Events in this answer.' }),
  offset: Type.Integer({ description: 'As asked for.' }),
  events: Type.Array(EventAnswer, { description: 'Oldest first.' }),
});

export const VerifyAnswer = Type.Object({
  consultation_id: uuid('The consultation.'),
  valid: Type.Boolean({ description: 'Whether every event is what was stored, in an unbroken chain.' }),
  events: Type.Integer({ description: 'The events of the consultation.' }),
  head_hash: sha256('The hash of the newest event, as it was acknowledged.'),
  damage: Type.Optional(
    Type.Object(
      {
        sequence: Type.Integer({ description: 'Its place among all events of the service.' }),
        version: Type.Integer({ description: 'Its place among the events of the consultation.' }),
        reason: Type.String({ description: 'What is wrong with it.' }),
      },
      { description: 'The first event that is not what was stored.' },
    ),
  ),
});

export const LiveAnswer = Type.Object({ status: Type.Literal('alive') });

export const ReadyAnswer = Type.Object({ status: Type.Literal('ready') });

export const HealthAnswer = Type.Object({
  status: Type.Unsafe<'ready' | 'not_ready'>({ type: 'string', enum: ['ready', 'not_ready'] }),
  reason: Type.Optional(Type.String({ description: 'What is wrong, when it is not ready.' })),
  head_sequence: Type.Integer({ description: 'The sequence of the newest durable event.' }),
  durability: durability(),
  uptime_seconds: Type.Integer(),
  details: openObject('The figures of the parts of the store.'),
});

/** A problem document (RFC 9457). It is documented with this and written by problem.ts. */
export const ProblemAnswer = Type.Object(
  {
    type: Type.String({ description: 'The kind of problem, as a URN.' }),
    title: Type.String({ description: 'The kind of problem, in words.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.String({ description: 'Stable; what a program decides by.' }),
    detail: Type.String({ description: 'What happened, and what to do about it.' }),
    instance: Type.Optional(Type.String({ description: 'Names the request; the log has the same name.' })),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: 'The fields at fault, each by its JSON Pointer (RFC 6901).',
      }),
    ),
  },
  { additionalProperties: true },
);

export type CreateBodyType = Static<typeof CreateBody>;
