/** The events of all consultations, in order: as NDJSON, followed as server-sent events, or a page of CloudEvents. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { limits } from '../../domain/limits.js';
import type { FollowQuery } from '../../store/event-store.js';
import { acceptedType } from '../accept.js';
import { CLOUD_EVENT_BATCH_TYPE, cloudEventJson } from '../cloud-events.js';
import { CLINICAL_HEADERS, type RouteModule } from '../context.js';
import { gatherEvents } from '../event-page.js';
import { FeedQuery } from '../schemas.js';
import { eventTypesOf, serveStream } from '../serve-stream.js';
import { EVENT_STREAM_TYPE, NDJSON_TYPE } from '../stream-frames.js';

const FORMS = [NDJSON_TYPE, EVENT_STREAM_TYPE, CLOUD_EVENT_BATCH_TYPE] as const;

export const feedRoute: RouteModule = (plain, { store, streams }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/events',
    {
      schema: {
        summary: 'The events of all consultations, in the order of their sequences',
        description:
          'As application/x-ndjson all there are, as text/event-stream these and what comes, as ' +
          'application/cloudevents-batch+json a page.',
        tags: ['events'],
        querystring: FeedQuery,
      },
      config: {
        access: 'read-all',
        problems: [
          'BAD_REQUEST',
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
      const { query } = request;
      const form = acceptedType(request.headers, FORMS);
      const from = startOf(query.from);
      if (form !== CLOUD_EVENT_BATCH_TYPE) {
        return serveStream(
          { store, streams },
          request,
          reply,
          form,
          query,
          from === undefined ? {} : { from },
        );
      }
      const events = await gatherEvents(store, {
        ...(from !== undefined && { from }),
        eventTypes: eventTypesOf(query),
        limit: query.limit ?? limits.pageEventsDefault,
      });
      reply.headers(CLINICAL_HEADERS).header('vary', 'accept').type(form);
      return reply.send(`[${events.map(cloudEventJson).join(',')}]`);
    },
  );
};

function startOf(from: string | undefined): FollowQuery['from'] {
  if (from === undefined || from === 'next') return from;
  return { sequence: Number(from) };
}
