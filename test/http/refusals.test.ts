import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode, FieldError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { PROBLEMS } from '../../src/http/problems.js';
import { message, testApp } from '../support/http-app.js';

/** A text that no answer and no log line may repeat. */
const SECRET = 'paciente-secreto-58';

const urgency = (more: object) => ({
  event_type: 'URGENCY_CLASSIFIED',
  user_id: 'u',
  payload: {
    urgency_level: 'high',
    gravity_score: 7,
    time_to_action: 'urgent',
    identified_patterns: [],
    risk_factors: [],
    note: SECRET,
    ...more,
  },
});

interface Refusal {
  what: string;
  body: unknown;
  headers?: Record<string, string>;
  code: ErrorCode;
  paths?: string[];
}

const refusals: Refusal[] = [
  {
    what: 'an unknown type',
    body: message(SECRET, { event_type: 'NO_SUCH' }),
    code: 'UNKNOWN_EVENT_TYPE',
    paths: ['/event_type'],
  },
  {
    what: 'a type that is no text',
    body: message(SECRET, { event_type: 7 }),
    code: 'VALIDATION_FAILED',
    paths: ['/event_type'],
  },
  {
    what: 'a missing type',
    body: { payload: { a: SECRET }, user_id: 'u' },
    code: 'VALIDATION_FAILED',
    paths: ['/event_type'],
  },
  {
    what: 'a payload that is no object',
    body: message('', { payload: [SECRET] }),
    code: 'VALIDATION_FAILED',
    paths: ['/payload'],
  },
  {
    what: 'a missing field of a payload',
    body: message('', { payload: { message_content: SECRET } }),
    code: 'VALIDATION_FAILED',
    paths: ['/payload/message_role'],
  },
  {
    what: 'a value that is not among those listed',
    body: message('', { payload: { message_content: SECRET, message_role: SECRET } }),
    code: 'VALIDATION_FAILED',
    paths: ['/payload/message_role'],
  },
  {
    what: 'a score that is out of range',
    body: urgency({ gravity_score: 11 }),
    code: 'VALIDATION_FAILED',
    paths: ['/payload/gravity_score'],
  },
  {
    what: 'several faults, and names each',
    body: { ...urgency({ gravity_score: 0, urgency_level: SECRET, risk_factors: SECRET }), user_id: '' },
    code: 'VALIDATION_FAILED',
    paths: ['/payload/gravity_score', '/payload/risk_factors', '/payload/urgency_level', '/user_id'],
  },
  {
    what: 'a misspelt field of the envelope',
    body: message(SECRET, { eventid: 'x', 'a/b~c': 1 }),
    code: 'VALIDATION_FAILED',
    paths: ['/a~1b~0c', '/eventid'],
  },
  {
    what: 'a payload with none of the fields of which one must be there',
    body: message('', { event_type: 'DEMOGRAPHICS_UPDATED', payload: { note: SECRET } }),
    code: 'VALIDATION_FAILED',
    paths: ['/payload'],
  },
  {
    what: 'an event_id that is no UUIDv7',
    body: message(SECRET, { event_id: SECRET }),
    code: 'VALIDATION_FAILED',
    paths: ['/event_id'],
  },
  {
    what: 'a user_id that is too long',
    body: message(SECRET, { user_id: 'u'.repeat(limits.userIdCharsMax + 1) }),
    code: 'VALIDATION_FAILED',
    paths: ['/user_id'],
  },
  {
    what: 'a user_id with control characters',
    body: message(SECRET, { user_id: 'FIBK\0\u0001' }),
    code: 'VALIDATION_FAILED',
    paths: ['/user_id'],
  },
  { what: 'a body that is an array', body: [SECRET], code: 'VALIDATION_FAILED', paths: [''] },
  { what: 'a body that is null', body: 'null', code: 'VALIDATION_FAILED', paths: [''] },
  { what: 'a body that is not JSON', body: `{"user_id": ${SECRET}`, code: 'INVALID_JSON' },
  { what: 'an empty body', body: '', code: 'INVALID_JSON' },
  {
    what: 'a duplicate key and names its path',
    body: `{"payload":{"a":"${SECRET}","a":2}}`,
    code: 'DUPLICATE_KEY',
    paths: ['/payload/a'],
  },
  {
    what: 'a number that is not exact',
    body: '{"payload":{"n":9007199254740993}}',
    code: 'UNSAFE_NUMBER',
    paths: ['/payload/n'],
  },
  {
    what: 'a lone surrogate',
    body: '{"payload":{"t":"\\ud800"}}',
    code: 'LONE_SURROGATE',
    paths: ['/payload/t'],
  },
  {
    what: 'a body that is nested too deeply',
    body: '['.repeat(limits.jsonDepthMax + 1) + ']'.repeat(limits.jsonDepthMax + 1),
    code: 'JSON_TOO_DEEP',
  },
  { what: 'a key that reaches the prototype', body: '{"payload":{"__proto__":{}}}', code: 'FORBIDDEN_KEY' },
  { what: 'a body that is too large', body: `"${'x'.repeat(limits.bodyBytesMax)}"`, code: 'BODY_TOO_LARGE' },
  {
    what: 'a body that is not called JSON',
    body: JSON.stringify(message(SECRET)),
    headers: { 'content-type': 'text/plain' },
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    what: 'JSON in another charset',
    body: message(SECRET),
    headers: { 'content-type': 'application/json; charset=latin1' },
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    what: 'a body that is not in the coding it is said to be in',
    body: message(SECRET),
    headers: { 'content-encoding': 'gzip' },
    code: 'BAD_REQUEST',
  },
  {
    what: 'a body in an unknown coding',
    body: message(SECRET),
    headers: { 'content-encoding': 'br' },
    code: 'UNSUPPORTED_CONTENT_CODING',
  },
  {
    what: 'a message that is not there',
    body: message('', {
      event_type: 'MESSAGE_DELETED',
      payload: { message_id: '019a1f0c-7c51-7a3e-9d42-6f0b8a5c1e27', note: SECRET },
    }),
    code: 'UNKNOWN_MESSAGE',
    paths: ['/payload/message_id'],
  },
];

for (const { what, body, headers, code, paths } of refusals) {
  test(`refuses ${what}, and nothing of it is left`, async (t) => {
    const { post, get, store, start, logged } = await testApp(t);
    const id = await start();
    const before = (await get(`/consultations/${id}`)).body;
    const answer = await post(`/consultations/${id}/events`, body, headers);
    const problem = answer.json();
    assert.equal(problem.code, code, answer.body);
    assert.equal(answer.statusCode, PROBLEMS[code].status);
    assert.equal(problem.status, answer.statusCode);
    assert.equal(problem.type, `urn:fi-consult:problem:${code}`);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    if (paths !== undefined) {
      const named = problem.errors.map(({ path }: FieldError) => path);
      assert.deepEqual(named.toSorted(), paths);
    }
    assert.doesNotMatch(answer.body, new RegExp(SECRET));
    assert.doesNotMatch(logged.join(''), new RegExp(SECRET));
    assert.equal(store.links.length, 1);
    assert.equal((await get(`/consultations/${id}`)).body, before);
  });
}

test('accepts a charset that is UTF-8, however it is written', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  for (const type of ['application/json;charset=UTF-8', 'application/json; charset="utf-8"']) {
    assert.equal((await post(url, message(), { 'content-type': type })).statusCode, 201, type);
  }
});

test('answers 404 for a consultation that is not known, whatever its id looks like', async (t) => {
  const { post, get } = await testApp(t);
  const ids = [
    uuidV7Generator()(Date.now()),
    'abc',
    '0',
    'a'.repeat(500),
    'c0ffee00-0000-4000-8000-000000000000',
  ];
  for (const id of ids) {
    for (const path of ['', '/soap', '/events']) {
      const answer = await get(`/consultations/${id}${path}`);
      assert.equal(answer.statusCode, 404, id);
      assert.equal(answer.json().code, 'CONSULTATION_NOT_FOUND');
    }
    assert.equal(
      (await post(`/consultations/${id}/events`, message())).json().code,
      'CONSULTATION_NOT_FOUND',
    );
  }
});

test('takes only addenda and audit entries after the commit', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const commit = {
    event_type: 'CONSULTATION_COMMITTED',
    user_id: 'u',
    payload: {
      soap_data: {},
      committed_by: 'u',
      commit_hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      quality_score: 1,
      completeness: 100,
      nom_compliance: 100,
    },
  };
  const wrong = { ...commit, payload: { ...commit.payload, commit_hash: '0'.repeat(64) } };
  assert.equal((await post(url, wrong)).json().code, 'COMMIT_HASH_MISMATCH');
  assert.equal((await post(url, commit)).statusCode, 201);
  const answer = await post(url, message());
  assert.equal(answer.statusCode, 409);
  assert.equal(answer.json().code, 'CONSULTATION_COMMITTED');
  const addendum = { event_type: 'ADDENDUM_ADDED', user_id: 'u', payload: { text: 'more', author: 'u' } };
  assert.equal((await post(url, addendum)).statusCode, 201);
});

test('refuses a bad start and keeps none of it', async (t) => {
  const { post, store } = await testApp(t);
  for (const [body, path] of [
    [{}, '/user_id'],
    [{ user_id: 7 }, '/user_id'],
    [{ user_id: 'u', patient_stub: 'x' }, '/patient_stub'],
    [{ user_id: 'u', patientstub: {} }, '/patientstub'],
    [{ user_id: 'u', consultation_id: 'x' }, '/consultation_id'],
  ] as const) {
    const answer = await post('/consultations', body);
    assert.equal(answer.statusCode, 422);
    assert.deepEqual(
      answer.json().errors.map(({ path }: FieldError) => path),
      [path],
    );
  }
  assert.equal(store.links.length, 0);
});

test('names no more faults than the limit, and no path longer than the limit', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const payload = { core_id: 'c', is_loading: true };
  const extra = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`k${index}${'x'.repeat(1000)}`, 1]),
  );
  const answer = await post(url, { event_type: 'CORE_STATE_CHANGED', payload, user_id: 'u', ...extra });
  const { errors } = answer.json();
  assert.equal(errors.length, limits.fieldErrorsMax);
  for (const { path } of errors) assert.ok(path.length <= limits.errorPathCharsMax + 1);
});

test('answers 404 for a route and 405 for a method that there is not', async (t) => {
  const { app, get } = await testApp(t);
  const missing = await get('/nowhere');
  assert.equal(missing.statusCode, 404);
  assert.equal(missing.json().code, 'ROUTE_NOT_FOUND');
  const method = await app.inject({ method: 'PUT', url: '/consultations', payload: 'x' });
  assert.equal(method.statusCode, 405);
  assert.equal(method.headers.allow, 'GET, HEAD, POST');
  assert.equal(method.json().code, 'METHOD_NOT_ALLOWED');
  const badUrl = await get('/consultations/%zz');
  assert.equal(badUrl.statusCode, 400);
  assert.equal(badUrl.json().code, 'BAD_REQUEST');
});
