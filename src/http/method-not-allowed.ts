/** Answers a method that a path does not have with 405 and the methods it has (RFC 9110, section 15.5.6). */
import type { FastifyInstance, HTTPMethods } from 'fastify';
import { CodedError } from '../domain/errors.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Watches the routes that are added from now on; the function it returns adds the refusals for all of them. */
export function methodRefusals(app: FastifyInstance): () => void {
  const methodsByUrl = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set();
    methodsByUrl.set(url, methods);
    for (const name of [method].flat()) methods.add(name);
  });
  return () => {
    for (const [url, methods] of [...methodsByUrl]) {
      const allowed = METHODS.filter((method) => methods.has(method)).join(', ');
      app.route({
        url,
        method: METHODS.filter((method) => !methods.has(method)),
        schema: { hide: true },
        config: { access: 'open' },
        // Before the body is read: what is wrong with it does not matter.
        onRequest: (_request, reply, done) => {
          reply.header('allow', allowed);
          done(new CodedError('METHOD_NOT_ALLOWED', `This route has ${allowed}.`));
        },
        handler: () => {},
      });
    }
  };
}
