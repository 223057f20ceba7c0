/**
 * What the documentation says of each route beside its schemas: its name, the headers that matter, and examples.
 * A test holds this against the routes that there are, and against what they answer.
 */
import { EXAMPLES } from './api-examples.js';
import { CLOUD_EVENT_BATCH_TYPE, CLOUD_EVENT_TYPE } from './cloud-events.js';
import { EVENT_STREAM_TYPE, NDJSON_TYPE } from './stream-frames.js';

/** Headers of answers. */
export const ANSWER_HEADERS = {
  ETag: 'The version of the consultation in quotes; of a compressed answer, with its coding.',
  Location: 'The path of the consultation.',
  'Idempotency-Replayed': 'true if this is the answer to the same request made before.',
  'Preference-Applied': 'return=minimal, if it was preferred.',
  'Retry-After': 'After how many seconds to try again.',
  'WWW-Authenticate': 'Which credentials are wanted.',
} as const;
export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** Headers of requests that the routes read without a schema of theirs. */
export const REQUEST_HEADERS = {
  'last-event-id':
    'For server-sent events: the id of the last one that the client has. Counts for more than the query.',
  prefer: 'return=minimal: one line of answer for each group of events that became durable together.',
  'if-match': 'Answer 412 unless the consultation is at this version, such as "7" (with quotes).',
} as const;
export type RequestHeader = keyof typeof REQUEST_HEADERS;

export interface Operation {
  /** Names the operation in generated clients, so it never changes. */
  operationId: string;
  /** The answer of success as an example, by its media type. */
  examples: Readonly<Record<string, unknown>>;
  answerHeaders?: readonly AnswerHeader[];
  requestHeaders?: readonly RequestHeader[];
  /** A body that has no schema, since it is read as it comes: an example by its media type. */
  body?: Readonly<Record<string, string>>;
  /** Whether it answers 304 to who has the version. */
  isConditional?: boolean;
}

const JSON_TYPE = 'application/json';
const WRITE: readonly AnswerHeader[] = ['ETag', 'Idempotency-Replayed'];
const CONDITIONAL: Pick<Operation, 'answerHeaders' | 'requestHeaders' | 'isConditional'> = {
  answerHeaders: ['ETag'],
  requestHeaders: ['if-match'],
  isConditional: true,
};
const STREAMS = { [NDJSON_TYPE]: EXAMPLES.eventLine, [EVENT_STREAM_TYPE]: EXAMPLES.eventMessage };
const CLOUD_EVENTS = { [CLOUD_EVENT_BATCH_TYPE]: JSON.stringify([EXAMPLES.cloudEvent]) };

const json = (operationId: string, example: unknown): Operation => ({
  operationId,
  examples: { [JSON_TYPE]: example },
});

/** By method and path, as the routes have them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /consultations': {
    ...json('createConsultation', EXAMPLES.created),
    answerHeaders: ['Location', ...WRITE],
  },
  'GET /consultations': json('listConsultations', EXAMPLES.list),
  'GET /consultations/:id': { ...json('getConsultation', EXAMPLES.state), ...CONDITIONAL },
  'GET /consultations/:id/soap': { ...json('getSoapNote', EXAMPLES.soap), ...CONDITIONAL },
  'GET /consultations/:id/difference': json('getDifference', EXAMPLES.difference),
  'GET /consultations/:id/verify': json('verifyConsultation', EXAMPLES.verified),
  'POST /consultations/:id/events': {
    ...json('appendEvent', EXAMPLES.appended),
    answerHeaders: WRITE,
  },
  'POST /consultations/:id/events/batch': {
    ...json('appendBatch', EXAMPLES.batch),
    answerHeaders: WRITE,
  },
  'POST /consultations/:id/events/stream': {
    operationId: 'appendStream',
    examples: { [NDJSON_TYPE]: EXAMPLES.streamed },
    answerHeaders: ['Preference-Applied'],
    requestHeaders: ['prefer'],
    body: { [NDJSON_TYPE]: EXAMPLES.uploaded },
  },
  'GET /consultations/:id/events': {
    operationId: 'listEvents',
    ...CONDITIONAL,
    requestHeaders: ['if-match', 'last-event-id'],
    examples: { [JSON_TYPE]: EXAMPLES.events, ...STREAMS, ...CLOUD_EVENTS },
  },
  'GET /consultations/:id/events/:version': {
    operationId: 'getEvent',
    examples: { [JSON_TYPE]: EXAMPLES.event, [CLOUD_EVENT_TYPE]: JSON.stringify(EXAMPLES.cloudEvent) },
  },
  'GET /events': {
    operationId: 'listAllEvents',
    requestHeaders: ['last-event-id'],
    examples: { ...STREAMS, ...CLOUD_EVENTS },
  },
  'GET /audit': {
    operationId: 'listAuditEntries',
    examples: { [JSON_TYPE]: EXAMPLES.audit, [NDJSON_TYPE]: EXAMPLES.auditLine },
  },
  'GET /health/live': json('getLiveness', EXAMPLES.alive),
  'GET /health/ready': json('getReadiness', EXAMPLES.ready),
  'GET /health': json('getHealth', EXAMPLES.health),
  'GET /metrics': {
    operationId: 'getMetrics',
    examples: { 'text/plain': EXAMPLES.metricsText, [JSON_TYPE]: EXAMPLES.metrics },
  },
};
