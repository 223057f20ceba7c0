/** One event by its version: as it is, or as a CloudEvent in structured or binary mode. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { CodedError } from '../../domain/errors.js';
import { acceptedType } from '../accept.js';
import { binaryCloudEvent, CLOUD_EVENT_TYPE, cloudEventJson } from '../cloud-events.js';
import { CLINICAL_HEADERS, JSON_MEDIA_TYPE, type RouteModule } from '../context.js';
import { EventAnswer, OneEventParams, OneEventQuery } from '../schemas.js';
import { knownForm } from './consultations.js';

const FORMS = ['application/json', CLOUD_EVENT_TYPE] as const;
const VERSION = /^[1-9][0-9]{0,9}$/;

export const oneEventRoute: RouteModule = (plain, { store }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/consultations/:id/events/:version',
    {
      schema: {
        summary: 'One event of a consultation; it never changes',
        tags: ['events'],
        params: OneEventParams,
        querystring: OneEventQuery,
      },
      config: {
        access: 'read',
        answer: EventAnswer,
        problems: ['CONSULTATION_NOT_FOUND', 'VERSION_NOT_FOUND', 'NOT_ACCEPTABLE', 'VALIDATION_FAILED'],
      },
    },
    async (request, reply) => {
      const consultationId = knownForm(request.params.id);
      const { version } = request.params;
      const offset = VERSION.test(version) ? Number(version) - 1 : Number.MAX_SAFE_INTEGER;
      const { format } = request.query;
      const type = format === undefined ? acceptedType(request.headers, FORMS) : undefined;
      const { eventCount, eventsJson } = await store.events({ consultationId, offset, limit: 1 });
      const [json] = eventsJson;
      if (json === undefined) {
        throw new CodedError('VERSION_NOT_FOUND', `The consultation has the versions 1 to ${eventCount}.`, {
          extensions: { version: eventCount },
        });
      }
      reply.headers(CLINICAL_HEADERS).header('vary', 'accept');
      if (format === 'cloudevents-binary') {
        const { headers, body } = binaryCloudEvent(json);
        return reply.headers(headers).send(body);
      }
      if (format === 'cloudevents' || type === CLOUD_EVENT_TYPE) {
        return reply.type(CLOUD_EVENT_TYPE).send(cloudEventJson(json));
      }
      return reply.type(JSON_MEDIA_TYPE).send(json);
    },
  );
};
