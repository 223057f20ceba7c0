/** Whether the process lives, whether it takes events, and how it does. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { CodedError } from '../../domain/errors.js';
import { JSON_MEDIA_TYPE, type RouteModule } from '../context.js';
import { HealthAnswer, LiveAnswer, ReadyAnswer } from '../schemas.js';

const NO_STORE = { 'cache-control': 'no-store' } as const;

export const healthRoutes: RouteModule = (plain, { store }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/health/live',
    {
      schema: { summary: 'Whether the process answers', tags: ['operation'], response: { 200: LiveAnswer } },
      config: { access: 'open' },
    },
    async (_request, reply) => {
      reply.headers(NO_STORE);
      return { status: 'alive' as const };
    },
  );

  app.get(
    '/health/ready',
    {
      schema: { summary: 'Whether events are accepted', tags: ['operation'], response: { 200: ReadyAnswer } },
      config: { access: 'open', problems: ['NOT_READY'] },
    },
    async (_request, reply) => {
      const { ready, reason } = await store.health();
      if (!ready) throw new CodedError('NOT_READY', reason ?? 'The store does not accept events now.');
      reply.headers(NO_STORE);
      return { status: 'ready' as const };
    },
  );

  app.get(
    '/health',
    {
      schema: {
        summary: 'How the service does; answers 200 while the process lives',
        tags: ['operation'],
      },
      config: { access: 'open', answer: HealthAnswer },
    },
    async (_request, reply) => {
      const { ready, reason, headSequence, details } = await store.health();
      reply.headers(NO_STORE).type(JSON_MEDIA_TYPE);
      return reply.send(
        JSON.stringify({
          status: ready ? 'ready' : 'not_ready',
          reason,
          head_sequence: headSequence,
          durability: store.durability,
          uptime_seconds: Math.floor(process.uptime()),
          details,
        }),
      );
    },
  );
};
