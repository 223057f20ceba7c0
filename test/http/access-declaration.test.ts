import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { guardRoutes } from '../../src/http/access.js';
import { memoryEventStore } from '../support/memory-event-store.js';

test('does not build an application with a route that does not declare its access', (t) => {
  const app = fastify();
  t.after(() => app.close());
  guardRoutes(app, { store: memoryEventStore() });
  app.get('/declared', { config: { access: 'read' } }, async () => 'fine');
  assert.throws(
    () => app.get('/forgotten', async () => 'open to all'),
    /GET \/forgotten declares its access/,
  );
});
