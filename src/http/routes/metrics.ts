/** The figures of the process, for Prometheus and for people. */
import { namesType } from '../accept.js';
import type { RouteModule } from '../context.js';
import { JSON_MEDIA_TYPE } from '../context.js';

export const metricsRoute: RouteModule = (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Figures as Prometheus text, or as JSON for Accept: application/json',
        tags: ['operation'],
      },
      config: { access: 'metrics' },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store').header('vary', 'accept');
      if (namesType(request.headers, 'application/json')) {
        return reply.type(JSON_MEDIA_TYPE).send(JSON.stringify(await metrics.json()));
      }
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
};
