/** Answers a request with a stream of events: from where, which, in what form, and whether it goes on. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../domain/errors.js';
import type { EventType } from '../domain/event-types.js';
import type { FollowQuery } from '../store/event-store.js';
import { namesType } from './accept.js';
import { CLOUD_EVENT_TYPE } from './cloud-events.js';
import { CLINICAL_HEADERS, type RouteContext } from './context.js';
import { EVENT_STREAM_TYPE, type EventFormat, FRAMES, type Frames } from './stream-frames.js';

export type StreamType = Frames['mediaType'];

/** What the routes of streams have in common in their queries. */
export interface StreamQuery {
  event_type?: EventType | EventType[];
  format?: EventFormat;
  follow?: boolean;
  limit?: number;
}

/** The event types of a query; none for all. */
export function eventTypesOf({ event_type: types }: StreamQuery): EventType[] {
  return types === undefined ? [] : [types].flat();
}

/** Whether a stream has CloudEvents: the query says so, or `Accept` names them beside the form of the stream. */
export function formatOf({ headers }: FastifyRequest, { format }: StreamQuery): EventFormat {
  return format ?? (namesType(headers, CLOUD_EVENT_TYPE) ? 'cloudevents' : 'event');
}

/**
 * Sends the stream. What is wrong with the request is thrown before anything is sent. `from` is where the query
 * says to start; a client of server-sent events that comes back says better (`Last-Event-ID`).
 */
export async function serveStream(
  { store, streams }: Pick<RouteContext, 'store' | 'streams'>,
  request: FastifyRequest,
  reply: FastifyReply,
  mediaType: StreamType,
  query: StreamQuery,
  { consultationId, from }: Pick<FollowQuery, 'consultationId' | 'from'>,
): Promise<FastifyReply> {
  const follows = query.follow ?? mediaType === EVENT_STREAM_TYPE;
  if (mediaType === EVENT_STREAM_TYPE && (query.limit !== undefined || !follows)) {
    throw new CodedError(
      'BAD_REQUEST',
      'A client of server-sent events comes back when they end: leave out limit and follow, or accept application/x-ndjson.',
    );
  }
  streams.checkOpen();
  const start = (mediaType === EVENT_STREAM_TYPE && lastEventId(request)) || from;
  const feed = await store.follow({
    ...(consultationId !== undefined && { consultationId }),
    ...(start !== undefined && { from: start }),
    eventTypes: eventTypesOf(query),
    endsAtHead: !follows,
  });
  reply.headers(CLINICAL_HEADERS).header('vary', 'accept').type(mediaType);
  if (request.method === 'HEAD') {
    await feed.return?.();
    return reply.send();
  }
  const response = openResponse(reply, follows);
  // Not waited for: whatever becomes of it is told to the client and to nobody else.
  void streams.serve({
    response,
    feed,
    frames: FRAMES[mediaType][formatOf(request, query)],
    follows,
    eventsMax: query.limit ?? Number.POSITIVE_INFINITY,
    requestId: request.id,
  });
  return reply;
}

/** Takes the answer out of the framework's hands: its streams would keep a buffer for each client. */
function openResponse(reply: FastifyReply, follows: boolean) {
  const headers = reply.getHeaders();
  const response = reply.hijack().raw;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  if (follows) {
    response.setHeader('connection', 'close');
    // A proxy that collects an answer before it passes it on would never pass this one on.
    response.setHeader('x-accel-buffering', 'no');
  }
  response.statusCode = 200;
  response.flushHeaders();
  return response;
}

const SEQUENCE = /^(0|[1-9][0-9]{0,14})$/;

/** The header's event is the last that the client has. */
function lastEventId({ headers }: FastifyRequest): { sequence: number } | undefined {
  const header = headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (typeof header !== 'string' || !SEQUENCE.test(header)) {
    throw new CodedError('BAD_REQUEST', 'Last-Event-ID takes the id of an event of this stream, a number.');
  }
  return { sequence: Number(header) + 1 };
}
