/** The OpenAPI document: judged by a linter that is not ours, and held against what the application answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { EXAMPLES } from '../../src/http/api-examples.js';
import { OPERATIONS } from '../../src/http/api-operations.js';
import { message, type TestApp, testApp } from '../support/http-app.js';
import { served } from '../support/served-app.js';

/** What differs from the recommended rules, which count as errors all. */
const RULES = {
  // The branches of an event's payload are where a reader looks for them: in the body.
  'no-illogical-composition-keywords': 'off',
  // Fields beyond the listed ones are kept as sent.
  'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: true },
  'no-invalid-schema-examples': { severity: 'error', allowAdditionalProperties: true },
  // Nothing that a client sends makes a health check refuse.
  'operation-4xx-response': 'off',
} as const;

interface Media {
  schema: object;
  example?: unknown;
}
interface DocumentedOperation {
  operationId: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    example?: unknown;
    schema: { examples?: unknown[] };
  }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media>; headers?: Record<string, unknown> }>;
}
type Paths = Record<string, Record<string, DocumentedOperation>>;

async function documentOf({ get }: TestApp): Promise<string> {
  return (await get('/docs/json')).body;
}

test('the document passes a linter, with an example of every body and answer', async (t) => {
  const source = await documentOf(await testApp(t));
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  assert.deepEqual(
    problems.map(({ ruleId, message: text, location }) => `${ruleId}: ${text} ${location[0]?.pointer}`),
    [],
  );
  const { paths } = JSON.parse(source) as { paths: Paths };
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    const bodies = [operation.requestBody, ...Object.values(operation.responses)];
    for (const media of bodies.flatMap((body) => Object.values(body?.content ?? {})))
      assert.notEqual(media.example, undefined, operation.operationId);
  }
});

test('every route has a name of its own, and every name a route', async (t) => {
  const built = await testApp(t);
  const shown = built.app.accessGuard.routes
    .filter(({ method, url, isHidden }) => !isHidden && method !== 'HEAD' && !url.startsWith('/docs'))
    .map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(Object.keys(OPERATIONS).sort(), shown.sort());
  const names = Object.values(OPERATIONS).map(({ operationId }) => operationId);
  assert.equal(new Set(names).size, names.length);
});

test('every example request is answered as documented, in every form', async (t) => {
  const built = await served(t);
  const { paths } = JSON.parse(await documentOf(built)) as { paths: Paths };
  const id = await built.start();
  await built.post(`/consultations/${id}/events`, message());
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  let answers = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [status, success] = Object.entries(operation.responses)[0] ?? [];
      const url = path.replace('{id}', id).replace('{version}', '2') + queryOf(operation);
      const [[type, body] = []] = Object.entries(operation.requestBody?.content ?? {});
      for (const [accept, media] of Object.entries(success?.content ?? {})) {
        // It does not end by itself; test/http/feed.test.ts reads it.
        if (accept === 'text/event-stream') continue;
        const answer = await fetch(`http://127.0.0.1:${built.server.port}${url}`, {
          method: method.toUpperCase(),
          headers: { accept, ...(type !== undefined && { 'content-type': type }) },
          ...(body !== undefined && {
            body: typeof body.example === 'string' ? body.example : JSON.stringify(body.example),
          }),
        });
        const text = await answer.text();
        const what = `${operation.operationId} as ${accept}: ${text}`;
        assert.equal(String(answer.status), status, what);
        assert.equal(answer.headers.get('content-type')?.split(';')[0], accept, what);
        const value = accept === 'application/json' ? JSON.parse(text) : text;
        assert.ok(ajv.validate(media.schema, value), `${what} ${ajv.errorsText()}`);
        answers += 1;
        const optional = ['Idempotency-Replayed', 'Preference-Applied'];
        // A tag names a page in one form only.
        if (accept !== 'application/json') optional.push('ETag');
        for (const header of Object.keys(success?.headers ?? {}))
          if (!optional.includes(header)) assert.ok(answer.headers.has(header), what);
      }
    }
  }
  assert.ok(answers >= Object.keys(OPERATIONS).length);
});

test('the examples of answers have the fields that answers have', async (t) => {
  const { get, post, start } = await testApp(t);
  const id = await start();
  await post(`/consultations/${id}/events`, message());
  const fields = (value: object) => Object.keys(value).sort();
  const pairs: [string, object][] = [
    ['', EXAMPLES.state],
    ['/soap', EXAMPLES.soap],
    ['/events', EXAMPLES.events],
    ['/events/2', EXAMPLES.event],
    ['/verify', EXAMPLES.verified],
    ['/difference?from_version=1', EXAMPLES.difference],
  ];
  for (const [path, example] of pairs)
    assert.deepEqual(fields((await get(`/consultations/${id}${path}`)).json()), fields(example), path);
  const state = (await get(`/consultations/${id}`)).json<{ consultation: object }>().consultation;
  assert.deepEqual(fields(EXAMPLES.state.consultation), fields(state));
});

function queryOf({ parameters = [] }: DocumentedOperation): string {
  const required = parameters.filter(
    ({ in: where, required: isRequired }) => where === 'query' && isRequired,
  );
  const pairs = required.map(
    ({ name, example, schema }) => `${name}=${String(example ?? schema.examples?.[0])}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
