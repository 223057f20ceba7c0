/** Appending events to a consultation, and reading them in pages. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { AppendedEvent } from '../../store/event-store.js';
import { acceptedType } from '../accept.js';
import { APPEND_PROBLEMS, appendedAnswer } from '../appended.js';
import { asOfIn } from '../as-of.js';
import { CLOUD_EVENT_BATCH_TYPE, cloudEventJson } from '../cloud-events.js';
import { isNotModified } from '../conditional-read.js';
import { CLINICAL_HEADERS, JSON_MEDIA_TYPE, type RouteModule } from '../context.js';
import { eventPage, streamStart } from '../event-page.js';
import { idempotencyKeyOf } from '../idempotency-key.js';
import { etagOf, expectedVersionOf } from '../if-match.js';
import {
  AppendBody,
  AppendedAnswer,
  AppendHeaders,
  ConsultationParams,
  EventsAnswer,
  EventsQuery,
  NoQuery,
  ReadHeaders,
} from '../schemas.js';
import { serveStream } from '../serve-stream.js';
import { EVENT_STREAM_TYPE, NDJSON_TYPE } from '../stream-frames.js';
import { ingested, timesTotal } from '../timing.js';
import { knownForm } from './consultations.js';

const EVENTS_FORMS = ['application/json', NDJSON_TYPE, EVENT_STREAM_TYPE, CLOUD_EVENT_BATCH_TYPE] as const;

export const eventRoutes: RouteModule = (plain, { store, streams, timers }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.post(
    '/consultations/:id/events',
    {
      schema: {
        summary: 'Appends an event',
        description: 'Answers when the event is durable.',
        tags: ['events'],
        params: ConsultationParams,
        querystring: NoQuery,
        headers: AppendHeaders,
        body: AppendBody,
        response: { 201: AppendedAnswer },
      },
      config: {
        access: 'append',
        problems: APPEND_PROBLEMS,
      },
      onResponse: timesTotal(timers),
    },
    async (request, reply) => {
      ingested(timers, request);
      const idempotencyKey = idempotencyKeyOf(request);
      const expectedVersion = expectedVersionOf(request.headers['if-match']);
      const { event_type: type, payload, user_id: userId, event_id: eventId } = request.body;
      const appended = await store.append({
        consultationId: knownForm(request.params.id),
        userId,
        source: 'api',
        events: [{ type, payload, eventId }],
        expectedVersion,
        idempotencyKey,
      });
      const event = appended.events[0] as AppendedEvent;
      reply.code(201).header('etag', etagOf(event.version));
      if (appended.replayed) reply.header('idempotency-replayed', 'true');
      return appendedAnswer(appended, event);
    },
  );

  app.get(
    '/consultations/:id/events',
    {
      schema: {
        summary: 'The events of a consultation, oldest first',
        tags: ['events'],
        params: ConsultationParams,
        querystring: EventsQuery,
        headers: ReadHeaders,
      },
      config: {
        access: 'read',
        answer: EventsAnswer,
        problems: [
          'BAD_REQUEST',
          'CONSULTATION_NOT_FOUND',
          'VERSION_NOT_FOUND',
          'WRONG_EXPECTED_VERSION',
          'NOT_ACCEPTABLE',
          'POSITION_AHEAD',
          'UNKNOWN_EVENT_TYPE',
          'VALIDATION_FAILED',
          'OVERLOADED',
          'SHUTTING_DOWN',
        ],
      },
    },
    async (request, reply) => {
      const { query, headers } = request;
      const consultationId = knownForm(request.params.id);
      const form = acceptedType(headers, EVENTS_FORMS);
      if (form !== 'application/json' && form !== CLOUD_EVENT_BATCH_TYPE) {
        const start = { consultationId, ...streamStart(query) };
        return serveStream({ store, streams }, request, reply, form, query, start);
      }
      const { asOf } = asOfIn(query);
      const isJson = form === 'application/json';
      // A tag names a page in one form only.
      if (isJson && (await isNotModified(store, request, reply, { consultationId, asOf, vary: 'accept' })))
        return reply.send();
      const { eventCount, eventsJson, offset } = await eventPage(store, consultationId, query);
      reply.headers(CLINICAL_HEADERS).header('vary', 'accept');
      if (form === CLOUD_EVENT_BATCH_TYPE) {
        return reply.type(form).send(`[${eventsJson.map(cloudEventJson).join(',')}]`);
      }
      reply.header('etag', etagOf(eventCount)).type(JSON_MEDIA_TYPE);
      // The store has the events as JSON texts already; they are not parsed to be written again.
      return reply.send(
        `{"consultation_id":"${consultationId}","event_count":${eventCount},` +
          `"returned_count":${eventsJson.length},"offset":${offset},"events":[${eventsJson.join(',')}]}`,
      );
    },
  );
};
