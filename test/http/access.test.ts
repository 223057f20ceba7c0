/** Access beyond the table: whose names may be written, what is recorded, and what happens when nothing can be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { guardRoutes } from '../../src/http/access.js';
import { AccessRecorder } from '../../src/http/access-recorder.js';
import { message, testApp } from '../support/http-app.js';
import { memoryEventStore } from '../support/memory-event-store.js';
import { memoryTrail } from '../support/memory-trail.js';
import { as, trustingAuthenticator } from '../support/role-credentials.js';

const secured = { authenticator: trustingAuthenticator, isAudited: true };
const lopez = as('dr-lopez', 'clinician');
const ruiz = as('dr-ruiz', 'clinician');
const frontEnd = as('front-end', 'service');

const created = async (
  app: Awaited<ReturnType<typeof testApp>>,
  userId: string,
  headers: Record<string, string>,
) => {
  const answer = await app.post('/consultations', { user_id: userId }, headers);
  return answer.json<{ consultation_id: string }>().consultation_id;
};

test('lets a clinician write under the own name only, and a service under any', async (t) => {
  const app = await testApp(t, secured);
  const refused = await app.post('/consultations', { user_id: 'dr-ruiz' }, lopez);
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'USER_ID_NOT_YOURS']);
  const id = await created(app, 'dr-lopez', frontEnd);
  const url = `/consultations/${id}/events`;
  assert.equal((await app.post(url, message('hello', { user_id: 'dr-lopez' }), lopez)).statusCode, 201);
  const other = await app.post(url, message('hello', { user_id: 'dr-ruiz' }), lopez);
  assert.deepEqual([other.statusCode, other.json().code], [403, 'USER_ID_NOT_YOURS']);
  assert.deepEqual(other.json().errors, [{ path: '/user_id', message: 'must be your own' }]);
  assert.equal((await app.post(url, message('hello', { user_id: 'dr-ruiz' }), frontEnd)).statusCode, 201);
  const { events } = (await app.get(url, lopez)).json();
  assert.equal(events.length, 3, 'what was refused left no trace');
});

test('has a consultation belong to whom it was started for, whoever sent it', async (t) => {
  const app = await testApp(t, secured);
  const id = await created(app, 'dr-lopez', frontEnd);
  assert.equal((await app.get(`/consultations/${id}`, lopez)).statusCode, 200);
  const other = await app.get(`/consultations/${id}`, ruiz);
  assert.deepEqual([other.statusCode, other.json().code], [403, 'CONSULTATION_NOT_YOURS']);
});

test('judges every line of a stream, and stores what comes before the one it refuses', async (t) => {
  const app = await testApp(t, secured);
  const id = await created(app, 'dr-lopez', lopez);
  const lines = ['dr-lopez', 'dr-ruiz', 'dr-lopez'].map((user_id) =>
    JSON.stringify(message('hello', { user_id })),
  );
  const base = await app.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `${base}/consultations/${id}/events/stream`;
  const headers = { 'content-type': 'application/x-ndjson', ...lopez };
  const answer = await fetch(url, { method: 'POST', body: `${lines.join('\n')}\n`, headers });
  const answers = (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    [answers.length, answers[0].version, answers[1].code, answers[1].line],
    [2, 2, 'USER_ID_NOT_YOURS', 2],
  );
  const onBehalf = await fetch(url, {
    method: 'POST',
    body: `${lines[1]}\n`,
    headers: { ...headers, ...frontEnd },
  });
  assert.equal(onBehalf.status, 200);
});

test('reads no body of those who may not send one, and tells them nothing of what is wrong with it', async (t) => {
  const app = await testApp(t, secured);
  for (const [headers, status] of [
    [{}, 401],
    [as('eve', 'auditor'), 403],
  ] as const) {
    const answer = await app.post('/consultations', '{"user_id": broken', headers);
    assert.equal(answer.statusCode, status);
  }
});

test('says 404 of what is not there, and gives nobody a moment to append before it is', async (t) => {
  const app = await testApp(t, secured);
  for (const id of ['018f0000-0000-7000-8000-000000000000', 'x']) {
    assert.equal((await app.get(`/consultations/${id}`, lopez)).json().code, 'CONSULTATION_NOT_FOUND');
    const answer = await app.post(`/consultations/${id}/events`, 'not read', lopez);
    assert.equal(answer.json().code, 'CONSULTATION_NOT_FOUND');
  }
});

test('lists the consultations of others to nobody who may only see the own', async (t) => {
  const app = await testApp(t, secured);
  await created(app, 'dr-lopez', lopez);
  assert.equal((await app.get('/consultations?user_id=dr-lopez', lopez)).json().returned_count, 1);
  for (const query of ['', '?user_id=dr-lopez', '?user_id=dr-ruiz&user_id=dr-lopez']) {
    assert.equal((await app.get(`/consultations${query}`, ruiz)).json().code, 'USER_ID_NOT_YOURS', query);
  }
});

test('records who accessed what, when, and whether it was granted', async (t) => {
  const app = await testApp(t, secured);
  const before = Date.now();
  const id = await created(app, 'dr-lopez', lopez);
  const url = `/consultations/${id}`;
  for (let count = 0; count < 3; count += 1)
    await app.post(`${url}/events`, message('x', { user_id: 'dr-lopez' }), lopez);
  await app.get(url, lopez);
  await app.app.inject({ method: 'HEAD', url, headers: lopez });
  await app.get(url, ruiz);
  await app.get(url);
  await app.post(`${url}/events`, message('x', { user_id: 'dr-lopez' }), as('eve', 'auditor'));
  await app.get('/metrics', as('eve', 'auditor'));
  await app.get('/health');
  await app.app.close();
  const { entries } = app.store.trail;
  assert.deepEqual(
    entries.map(({ subject, role, credential, address, action, consultationId, outcome, code, count }) => {
      return [subject, role, credential, address, action, consultationId, outcome, code, count];
    }),
    [
      ['dr-lopez', 'clinician', 'key:dr-lopez', null, 'create', id, 'granted', null, 1],
      ['dr-lopez', 'clinician', 'key:dr-lopez', null, 'append', id, 'granted', null, 3],
      ['dr-lopez', 'clinician', 'key:dr-lopez', null, 'read', id, 'granted', null, 2],
      ['dr-ruiz', 'clinician', 'key:dr-ruiz', null, 'read', id, 'denied', 'CONSULTATION_NOT_YOURS', 1],
      [null, null, null, '127.0.0.1', 'read', null, 'denied', 'CREDENTIALS_MISSING', 1],
      ['eve', 'auditor', 'key:eve', null, 'append', id, 'denied', 'ROLE_NOT_ALLOWED', 1],
    ],
  );
  for (const { fromMs, untilMs } of entries)
    assert.ok(before <= fromMs && fromMs <= untilMs && untilMs <= Date.now());
});

test('records nobody as anonymous, and nothing at all unless it is asked for', async (t) => {
  const audited = await testApp(t, { isAudited: true });
  await audited.get(`/consultations/${await audited.start()}`);
  await audited.app.close();
  assert.deepEqual(
    audited.store.trail.entries.map(({ subject, action }) => [subject, action]),
    [
      ['anonymous', 'read'],
      ['anonymous', 'create'],
    ].reverse(),
  );
  const open = await testApp(t);
  await open.get(`/consultations/${await open.start()}`);
  await open.app.close();
  assert.equal(open.store.trail.entries.length, 0);
});

test('reads the trail by page and as NDJSON', async (t) => {
  const app = await testApp(t, { isAudited: true });
  const start = Date.parse('2026-03-01T08:00:00.000Z');
  const entry = {
    count: 1,
    role: null,
    credential: null,
    address: null,
    action: 'read',
    consultationId: null,
    code: null,
  } as const;
  const subjects = ['a', 'b', 'a', 'a', 'b'];
  await app.store.trail.recordAccess(
    subjects.map((subject, index) => {
      const fromMs = start + index * 60_000;
      return { ...entry, subject, fromMs, untilMs: fromMs, outcome: 'granted' as const };
    }),
  );
  const first = (await app.get('/audit?subject=a&limit=2')).json();
  assert.deepEqual(
    first.entries.map(({ number }: { number: number }) => number),
    [1, 3],
  );
  const second = (await app.get(`/audit?subject=a&limit=2&cursor=${first.next_cursor}`)).json();
  assert.deepEqual([second.entries.length, second.entries[0].number, second.next_cursor], [1, 4, null]);
  const timed = (await app.get('/audit?from=2026-03-01T08:01:00Z&to=2026-03-01T08:02:00Z')).json();
  assert.equal(timed.returned_count, 2);
  const all = await app.get('/audit?subject=b', { accept: 'application/x-ndjson' });
  assert.match(String(all.headers['content-type']), /^application\/x-ndjson/);
  assert.deepEqual(
    all.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).number),
    [2, 5],
  );
  for (const query of [
    'cursor=0',
    'limit=1001',
    'outcome=maybe',
    'from=yesterday',
    'consultation_id=x',
    'who=me',
  ]) {
    assert.equal((await app.get(`/audit?${query}`)).statusCode, 422, query);
  }
});

const quiet = { error: () => {} } as never;

test('hands every access over once, in lines that are short enough, however many there are', async () => {
  const trail = memoryTrail();
  const recorder = new AccessRecorder({ store: trail, logger: quiet });
  const count = limits.auditLineEntriesMax * 2 + 7;
  for (let index = 0; index < count; index += 1) {
    assert.ok(recorder.record(undefined, 'read', `id-${index}`));
    assert.ok(recorder.record(undefined, 'read', `id-${index}`));
  }
  await recorder.close();
  assert.equal(new Set(trail.entries.map(({ consultationId }) => consultationId)).size, count);
  assert.equal(
    trail.entries.reduce((sum, entry) => sum + entry.count, 0),
    count * 2,
  );
});

test('answers nothing that the trail cannot take, and goes on once it can', async () => {
  const trail = memoryTrail();
  let isFull = true;
  const recorder = new AccessRecorder({
    store: {
      recordAccess: async (entries) => {
        if (isFull) throw new CodedError('STORAGE_FULL', 'The disk is full.');
        await trail.recordAccess(entries);
      },
    },
    logger: quiet,
    delayMs: 1,
    waitingMax: 3,
  });
  for (const id of ['1', '2', '3']) assert.ok(recorder.record(undefined, 'read', id));
  assert.equal(recorder.record(undefined, 'read', '4'), false);
  assert.ok(recorder.record(undefined, 'read', '3'), 'what has an entry already needs no room');
  isFull = false;
  await recorder.close();
  assert.deepEqual(
    trail.entries.map(({ consultationId, count }) => [consultationId, count]),
    [
      ['1', 1],
      ['2', 1],
      ['3', 2],
    ],
  );
});

test('answers nothing while access cannot be recorded, neither yes nor no', async (t) => {
  const store = memoryEventStore();
  store.recordAccess = async () => {
    throw new CodedError('STORAGE_FULL', 'The disk is full.');
  };
  const recorder = new AccessRecorder({ store, logger: quiet, waitingMax: 2 });
  const app = fastify();
  t.after(async () => {
    await app.close();
    await recorder.close();
  });
  guardRoutes(app, { store, recorder, authenticator: trustingAuthenticator });
  app.get('/audit', { config: { access: 'audit' } }, async () => 'granted');
  app.post('/consultations', { config: { access: 'create' } }, async () => 'created');
  const eve = as('eve', 'auditor');
  assert.equal((await app.inject({ url: '/audit', headers: eve })).body, 'granted');
  assert.equal((await app.inject({ url: '/audit' })).json().code, 'CREDENTIALS_MISSING');
  assert.equal(
    (await app.inject({ url: '/audit', headers: eve })).body,
    'granted',
    'it has an entry already',
  );
  const adam = as('adam', 'admin');
  for (const request of [
    { url: '/audit', headers: adam },
    { url: '/audit', headers: lopez },
    { url: '/audit', remoteAddress: '10.0.0.7' },
    { method: 'POST' as const, url: '/consultations', headers: adam, payload: { user_id: 'dr-ruiz' } },
  ]) {
    assert.equal((await app.inject(request)).json().code, 'AUDIT_UNAVAILABLE');
  }
});
