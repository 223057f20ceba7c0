/**
 * Every route declares what it does (`config.access`), and an application with a route that does not is not built:
 * a route that somebody adds cannot be left open by an oversight. What is declared decides, here and nowhere else, who
 * may use it.
 *
 * With FI_AUTH=off and no audit trail no hook is added to any route.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Principal, RouteAccess } from '../domain/access.js';
import { assert } from '../domain/errors.js';
import { AccessGuard, type AccessGuardParts } from './access-guard.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route does, which decides who may use it (src/domain/access.ts). */
    access?: RouteAccess;
  }
  interface FastifyRequest {
    /** Who sends it; not known on open routes, and with FI_AUTH=off. */
    principal: Principal | undefined;
  }
  interface FastifyInstance {
    accessGuard: AccessGuard;
  }
}

/** The pages of the documentation are a plugin's, which declares nothing. They show no data. */
const isDocumentation = (url: string): boolean => url === '/docs' || url.startsWith('/docs/');

/** Guards every route that is added from now on. */
export function guardRoutes(app: FastifyInstance, parts: AccessGuardParts): void {
  const guard = new AccessGuard(parts);
  app.decorateRequest('principal', undefined);
  app.decorate('accessGuard', guard);
  app.addHook('onRoute', (route) => {
    const { method, url, config, schema } = route;
    const access = config?.access ?? (isDocumentation(url) ? 'open' : undefined);
    assert(access !== undefined, `${[method].flat().join(', ')} ${url} declares its access in its config`);
    const isHidden = schema?.hide === true;
    guard.routes.push(...[method].flat().map((name) => ({ method: name, url, access, isHidden })));
    if (access !== 'open' && (parts.authenticator || parts.recorder)) addHooks(route, guard, access);
  });
}

function addHooks(route: RouteOptions, guard: AccessGuard, access: Exclude<RouteAccess, 'open'>): void {
  const { onRequest, preHandler, onResponse } = guard.hooks(access, route.url);
  // Who may not use a route has no body read and learns nothing of what is wrong with it.
  route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()];
  if (preHandler) route.preHandler = [preHandler, ...[route.preHandler ?? []].flat()];
  if (onResponse) route.onResponse = [onResponse, ...[route.onResponse ?? []].flat()];
}

/**
 * For a route of `append-lines`: throws USER_ID_NOT_YOURS unless the sender of a request may write as `userId`. The
 * hooks of the other routes have done it.
 */
export function checkWriter(request: FastifyRequest, userId: unknown): void {
  request.server.accessGuard.checkWriter(request, userId);
}
