/** Whether a consultation is stored as it was acknowledged. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { CLINICAL_HEADERS, type RouteModule } from '../context.js';
import { ConsultationParams, NoQuery, VerifyAnswer } from '../schemas.js';
import { knownForm } from './consultations.js';

export const verifyRoute: RouteModule = (plain, { store }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/consultations/:id/verify',
    {
      schema: {
        summary: 'Whether a consultation is stored as it was acknowledged: its hash chain computed anew',
        tags: ['consultations'],
        params: ConsultationParams,
        querystring: NoQuery,
        response: { 200: VerifyAnswer },
      },
      config: {
        access: 'verify',
        problems: ['CONSULTATION_NOT_FOUND', 'VALIDATION_FAILED', 'SHUTTING_DOWN'],
      },
    },
    async (request, reply) => {
      const consultationId = knownForm(request.params.id);
      const { valid, events, headHash, damage } = await store.verify(consultationId);
      reply.headers(CLINICAL_HEADERS);
      return {
        consultation_id: consultationId,
        valid,
        events,
        head_hash: headHash,
        ...(damage !== undefined && { damage }),
      };
    },
  );
};
