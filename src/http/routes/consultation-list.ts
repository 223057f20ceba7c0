/** Finding consultations. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { ConsultationSummary, ListFilter } from '../../domain/consultation-list.js';
import { limits } from '../../domain/limits.js';
import type { EventStore } from '../../store/event-store.js';
import { CLINICAL_HEADERS, JSON_MEDIA_TYPE } from '../context.js';
import { cursorOf, placeOf } from '../list-cursor.js';
import { ListAnswer, ListQuery } from '../list-schemas.js';
import { timeMsOf } from '../query-time.js';

export function consultationListRoute(
  plain: FastifyInstance,
  { store }: { store: Pick<EventStore, 'consultations'> },
): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/consultations',
    {
      schema: {
        summary: 'The consultations that match, newest first',
        tags: ['consultations'],
        querystring: ListQuery,
      },
      config: {
        access: 'list',
        answer: ListAnswer,
        problems: ['VALIDATION_FAILED', 'INVALID_CURSOR', 'OVERLOADED'],
      },
    },
    async (request, reply) => {
      const { limit = limits.pageConsultationsDefault, cursor } = request.query;
      const filter = filterOf(request.query);
      const { consultations, next } = await store.consultations({
        filter,
        limit,
        ...(cursor !== undefined && { after: placeOf(cursor, filter) }),
      });
      reply.headers(CLINICAL_HEADERS).type(JSON_MEDIA_TYPE);
      return reply.send(
        JSON.stringify({
          consultations: consultations.map(shown),
          returned_count: consultations.length,
          next_cursor: next === undefined ? null : cursorOf(filter, next),
        }),
      );
    },
  );
}

function filterOf({ user_id, status, urgency, from, to }: Static<typeof ListQuery>): ListFilter {
  return {
    ...(user_id !== undefined && { userId: user_id }),
    ...(status !== undefined && { status }),
    ...(urgency !== undefined && { urgency: urgency === 'none' ? null : urgency }),
    ...(from !== undefined && { fromMs: timeMsOf(from) }),
    ...(to !== undefined && { toMs: timeMsOf(to) }),
  };
}

function shown(summary: ConsultationSummary): Static<typeof ListAnswer>['consultations'][number] {
  return {
    consultation_id: summary.consultationId,
    user_id: summary.userId,
    status: summary.status,
    urgency: summary.urgency,
    created_at: new Date(summary.createdMs).toISOString(),
    updated_at: new Date(summary.updatedMs).toISOString(),
    version: summary.version,
    // Versions are gapless from 1, so the newest is the number of events.
    event_count: summary.version,
    is_committed: summary.status === 'committed',
  };
}
