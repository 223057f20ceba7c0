import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { limits } from '../../src/domain/limits.js';
import { logsSlowRequests } from '../../src/http/request-log.js';
import { createLogger } from '../../src/ops/logger.js';
import { message, testApp } from '../support/http-app.js';

test('says that it lives and is ready', async (t) => {
  const { get, start } = await testApp(t);
  await start();
  assert.deepEqual((await get('/health/live')).json(), { status: 'alive' });
  assert.deepEqual((await get('/health/ready')).json(), { status: 'ready' });
  const health = (await get('/health')).json();
  assert.equal(health.status, 'ready');
  assert.equal(health.head_sequence, 1);
  assert.equal(health.durability, 'fsync');
});

test('says why it is not ready, and lives on', async (t) => {
  const reason = 'The disk is full.';
  const { get } = await testApp(t, { health: () => ({ ready: false, reason, details: { free_bytes: 0 } }) });
  const ready = await get('/health/ready');
  assert.equal(ready.statusCode, 503);
  assert.equal(ready.json().code, 'NOT_READY');
  assert.equal(ready.json().detail, reason);
  assert.equal(ready.headers['retry-after'], '5');
  assert.equal((await get('/health/live')).statusCode, 200);
  const health = await get('/health');
  assert.equal(health.statusCode, 200);
  assert.equal(health.json().status, 'not_ready');
  assert.equal(health.json().reason, reason);
  assert.deepEqual(health.json().details, { free_bytes: 0 });
});

test('gives its figures as Prometheus text and, when asked, as JSON', async (t) => {
  const { get, post, start } = await testApp(t);
  await post(`/consultations/${await start()}/events`, message());
  const text = await get('/metrics');
  assert.match(String(text.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  assert.match(text.body, /^fi_ingest_latency_seconds_count\{stage="total"\} 2$/m);
  assert.match(text.body, /^fi_events_appended_total 2$/m);
  assert.match(text.body, /^fi_buffer_size 3$/m);
  const json = await get('/metrics', { accept: 'application/json' });
  assert.match(String(json.headers['content-type']), /^application\/json/);
  assert.equal(json.json().fi_ingest_latency_seconds.total.count, 2);
  const { age_seconds, ...queue } = json.json().queue;
  assert.equal(age_seconds, 0);
  assert.deepEqual(queue, {
    events: 3,
    events_max: 4096,
    bytes: 1200,
    bytes_max: 67_108_864,
    received: { critical: 0, routine: 2 },
    accepted: { critical: 0, routine: 2 },
    dropped: { critical: { full: 0, late: 0, gone: 0 }, routine: { full: 0, late: 0, gone: 0 } },
  });
});

test('logs a line a request at debug, with the route and without ids, query or payload', async (t) => {
  const { get, post, start, logged } = await testApp(t);
  const id = await start();
  await post(`/consultations/${id}/events`, message('secret words'));
  await get(`/consultations/${id}/events?limit=7`);
  const lines = logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    lines.map(({ req, res }) => [req.method, req.route, res.status]),
    [
      ['POST', '/consultations', 201],
      ['POST', '/consultations/:id/events', 201],
      ['GET', '/consultations/:id/events', 200],
    ],
  );
  assert.equal(new Set(lines.map(({ req }) => req.id)).size, 3);
  assert.doesNotMatch(logged.join(''), new RegExp(`${id}|secret|limit|dr\\.rivera`));
});

test('documents every route as OpenAPI 3.1', async (t) => {
  const { get } = await testApp(t);
  const document = (await get('/docs/json')).json();
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, '1.2.3');
  const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(operations.sort(), [
    'get /audit',
    'get /consultations',
    'get /consultations/{id}',
    'get /consultations/{id}/difference',
    'get /consultations/{id}/events',
    'get /consultations/{id}/events/{version}',
    'get /consultations/{id}/soap',
    'get /consultations/{id}/verify',
    'get /events',
    'get /health',
    'get /health/live',
    'get /health/ready',
    'get /metrics',
    'post /consultations',
    'post /consultations/{id}/events',
    'post /consultations/{id}/events/batch',
    'post /consultations/{id}/events/stream',
  ]);
  const append = document.paths['/consultations/{id}/events'].post;
  const { schema } = append.requestBody.content['application/json'];
  assert.equal(schema.oneOf.length, 30);
  assert.deepEqual(schema.discriminator, { propertyName: 'event_type' });
  const statuses = [
    '201',
    '400',
    '401',
    '403',
    '404',
    '409',
    '412',
    '413',
    '415',
    '422',
    '500',
    '503',
    '507',
  ];
  assert.deepEqual(Object.keys(append.responses), statuses);
  assert.ok(append.responses['412'].content['application/problem+json']);
  const state = document.paths['/consultations/{id}'].get.responses['200'].content['application/json'];
  assert.ok(state.schema.properties.consultation.properties.version);
});

test('serves the pages of its documentation from itself alone', async (t) => {
  const { get } = await testApp(t);
  const page = await get('/docs');
  assert.equal(page.statusCode, 200);
  assert.doesNotMatch(page.body, /https?:\/\//);
  assert.match(String(page.headers['content-security-policy']), /default-src 'self'/);
  const script = /src="(\/docs\/static\/swagger-ui-bundle\.js)"/.exec(page.body)?.[1];
  assert.equal((await get(String(script))).statusCode, 200);
});

test('writes a line for each of a few slow requests a second, and counts the others', () => {
  const lines: { msg: string; omitted?: number }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const hook = logsSlowRequests(
    createLogger({ level: 'info', destination: destination as unknown as Writable }),
  );
  const raw = { getHeader: () => undefined, statusCode: 200 };
  const reply = { elapsedTime: 5000, raw, statusCode: 200 } as unknown as FastifyReply;
  const request = { id: 'a', method: 'GET', routeOptions: {}, raw: {} } as unknown as FastifyRequest;
  const slow = 10 * limits.slowLinesMax;
  for (let count = 0; count < slow; count += 1) hook(request, reply, () => {});
  const shown = lines.filter(({ msg }) => msg === 'slow request').length;
  const omitted = lines.reduce((sum, line) => sum + (line.omitted ?? 0), 0);
  // They may fall into two seconds, not into more.
  assert.ok(shown >= limits.slowLinesMax && shown <= 3 * limits.slowLinesMax, `${shown}`);
  assert.ok(shown + omitted <= slow);
});
