/** What changed in a consultation between two versions. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { DifferenceAnswer, DifferenceQuery } from '../as-of.js';
import { CLINICAL_HEADERS, JSON_MEDIA_TYPE, type RouteModule } from '../context.js';
import { ConsultationParams } from '../schemas.js';
import { knownForm } from './consultations.js';

export const differenceRoute: RouteModule = (plain, { store }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/consultations/:id/difference',
    {
      schema: {
        summary: 'What changed between two versions, as JSON Patch, and the events that did it',
        tags: ['consultations'],
        params: ConsultationParams,
        querystring: DifferenceQuery,
      },
      config: {
        access: 'read',
        answer: DifferenceAnswer,
        problems: ['CONSULTATION_NOT_FOUND', 'VERSION_NOT_FOUND', 'VALIDATION_FAILED', 'OVERLOADED'],
      },
    },
    async (request, reply) => {
      const consultationId = knownForm(request.params.id);
      const { from_version, to_version } = request.query;
      const { fromVersion, toVersion, patchJson, eventsJson } = await store.difference({
        consultationId,
        fromVersion: from_version,
        ...(to_version !== undefined && { toVersion: to_version }),
      });
      reply.headers(CLINICAL_HEADERS).type(JSON_MEDIA_TYPE);
      // The store has both lists as JSON texts already.
      return reply.send(
        `{"consultation_id":"${consultationId}","from_version":${fromVersion},"to_version":${toVersion},` +
          `"patch":[${patchJson.join(',')}],"events":[${eventsJson.join(',')}]}`,
      );
    },
  );
};
