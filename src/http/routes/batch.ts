/** Appending several events of a consultation, all or none. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { CodedError } from '../../domain/errors.js';
import type { AppendedEvent, EventToAppend } from '../../store/event-store.js';
import { APPEND_PROBLEMS, appendedAnswer } from '../appended.js';
import type { RouteModule } from '../context.js';
import { idempotencyKeyOf } from '../idempotency-key.js';
import { etagOf, expectedVersionOf } from '../if-match.js';
import {
  type AppendBodyType,
  AppendHeaders,
  BatchAnswer,
  BatchBody,
  ConsultationParams,
  NoQuery,
} from '../schemas.js';
import { ingested, timesTotal } from '../timing.js';
import { atItem } from '../validation.js';
import { knownForm } from './consultations.js';

export const batchRoute: RouteModule = (plain, { store, timers }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.post(
    '/consultations/:id/events/batch',
    {
      schema: {
        summary: 'Appends several events, all or none',
        description: 'Answers when all of them are durable. They get consecutive versions.',
        tags: ['events'],
        params: ConsultationParams,
        querystring: NoQuery,
        headers: AppendHeaders,
        body: BatchBody,
        response: { 201: BatchAnswer },
      },
      config: { access: 'append', problems: APPEND_PROBLEMS },
      onResponse: timesTotal(timers),
    },
    async (request, reply) => {
      ingested(timers, request);
      const idempotencyKey = idempotencyKeyOf(request);
      const expectedVersion = expectedVersionOf(request.headers['if-match']);
      const appended = await store
        .append({
          consultationId: knownForm(request.params.id),
          userId: (request.body[0] as AppendBodyType).user_id,
          source: 'api',
          events: request.body.map(eventToAppend),
          ...(expectedVersion !== undefined && { expectedVersion }),
          ...(idempotencyKey !== undefined && { idempotencyKey }),
        })
        .catch(nameItem);
      const last = appended.events.at(-1) as AppendedEvent;
      reply.code(201).header('etag', etagOf(last.version));
      if (appended.replayed) reply.header('idempotency-replayed', 'true');
      return {
        consultation_id: appended.consultationId,
        event_count: last.version,
        events: appended.events.map((event) => appendedAnswer(appended, event)),
      };
    },
  );
};

function eventToAppend({ event_type, payload, user_id, event_id }: AppendBodyType): EventToAppend {
  return { type: event_type, payload, userId: user_id, ...(event_id !== undefined && { eventId: event_id }) };
}

/** The store names fields within an event; the client sent a list of them. */
function nameItem(error: unknown): never {
  if (!(error instanceof CodedError) || error.errors === undefined) throw error;
  const { code, message, errors, extensions } = error;
  // The only event of a list of one is not named by the store.
  const item = Number(extensions?.item ?? 0);
  throw new CodedError(code, message, {
    cause: error,
    errors: errors.map((fault) => atItem(item, fault)),
    extensions: { ...extensions, item },
  });
}
