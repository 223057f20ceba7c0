/**
 * Every route declares what it does (`config.access`), and an application with a route that does not is not built:
 * a route that somebody adds cannot be left open by an oversight.
 */
import type { FastifyInstance } from 'fastify';
import type { RouteAccess } from '../domain/access.js';
import { assert } from '../domain/errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route does, which decides who may use it (src/domain/access.ts). */
    access?: RouteAccess;
  }
}

/** The pages of the documentation are a plugin's, which declares nothing. They show no data. */
const isDocumentation = (url: string): boolean => url === '/docs' || url.startsWith('/docs/');

/** Watches every route that is added from now on. */
export function guardRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access ?? (isDocumentation(url) ? 'open' : undefined);
    assert(access !== undefined, `${[method].flat().join(', ')} ${url} declares its access in its config`);
  });
}
