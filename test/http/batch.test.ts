import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../src/domain/errors.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { limits } from '../../src/domain/limits.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { message, type TestApp, testApp } from '../support/http-app.js';

const nextId = uuidV7Generator();
const newId = (): string => nextId(Date.now());

async function started({ start }: TestApp): Promise<{ id: string; url: string; batchUrl: string }> {
  const id = await start();
  return { id, url: `/consultations/${id}/events`, batchUrl: `/consultations/${id}/events/batch` };
}

test('answers each event of a batch as if it had come alone, in its order', async (t) => {
  const { post, get, ...app } = await testApp(t);
  const { id, url, batchUrl } = await started({ post, get, ...app });
  const single = await post(url, message('alone'));
  const answer = await post(batchUrl, [message('a'), message('b', { user_id: 'nurse.paz' }), message('c')]);
  assert.equal(answer.statusCode, 201, answer.body);
  assert.equal(answer.headers.etag, '"5"');
  assert.equal(answer.headers['idempotency-replayed'], undefined);
  const body = answer.json();
  assert.deepEqual(Object.keys(body), ['consultation_id', 'event_count', 'events']);
  assert.equal(body.consultation_id, id);
  assert.equal(body.event_count, 5);
  const stored: ConsultationEvent[] = (await get(`${url}?offset=2`)).json().events;
  assert.deepEqual(
    stored.map(({ payload, metadata }) => [payload.message_content, metadata.user_id]),
    [
      ['a', 'dr.rivera'],
      ['b', 'nurse.paz'],
      ['c', 'dr.rivera'],
    ],
  );
  assert.deepEqual(
    body.events,
    stored.map(({ event_id, timestamp, sequence, version, audit_hash, hash }) => ({
      event_id,
      consultation_id: id,
      event_count: version,
      timestamp,
      sequence,
      version,
      audit_hash,
      hash,
      durability: 'fsync',
    })),
  );
  assert.deepEqual(Object.keys(body.events[0]), Object.keys(single.json()));
});

const BAD_SCORE = {
  event_type: 'SOAP_GENERATION_COMPLETED',
  user_id: 'u',
  payload: { soap_data: {}, quality_score: 7, ready_for_commit: true },
};

for (const { what, batch, code, paths } of [
  {
    what: 'fields that are not valid, each by the place of its event',
    batch: [message(), BAD_SCORE, message(), message('x', { user_id: '' })],
    code: 'VALIDATION_FAILED',
    paths: ['/1/payload/quality_score', '/3/user_id'],
  },
  {
    what: 'an event type that there is not',
    batch: [message(), message('', { event_type: 'NO_SUCH' })],
    code: 'UNKNOWN_EVENT_TYPE',
    paths: ['/1/event_type'],
  },
  {
    what: 'what the rules refuse of an event',
    batch: [message(), { event_type: 'MESSAGE_DELETED', user_id: 'u', payload: { message_id: newId() } }],
    code: 'UNKNOWN_MESSAGE',
    paths: ['/1/payload/message_id'],
  },
  {
    what: 'what the rules refuse of the only event',
    batch: [{ event_type: 'MESSAGE_DELETED', user_id: 'u', payload: { message_id: newId() } }],
    code: 'UNKNOWN_MESSAGE',
    paths: ['/0/payload/message_id'],
  },
  { what: 'an item that is no object', batch: [message(), 7], code: 'VALIDATION_FAILED', paths: ['/1'] },
  { what: 'a batch of nothing', batch: [], code: 'VALIDATION_FAILED', paths: [''] },
  { what: 'a body that is no list', batch: message(), code: 'VALIDATION_FAILED', paths: [''] },
  {
    what: 'a batch that is too long',
    batch: Array.from({ length: limits.batchBodyEventsMax + 1 }, () => message()),
    code: 'VALIDATION_FAILED',
    paths: [''],
  },
]) {
  test(`refuses ${what}, and stores nothing of the batch`, async (t) => {
    const app = await testApp(t);
    const { batchUrl } = await started(app);
    const answer = await app.post(batchUrl, batch);
    const problem = answer.json();
    assert.equal(answer.statusCode, 422, answer.body);
    assert.equal(problem.code, code);
    assert.deepEqual(
      problem.errors.map(({ path }: FieldError) => path),
      paths,
    );
    assert.equal(app.store.links.length, 1);
  });
}

test('names the item that a batch may not have after what it does itself', async (t) => {
  const app = await testApp(t);
  const { batchUrl } = await started(app);
  const committed = {
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
  const answer = await app.post(batchUrl, [message(), committed, message()]);
  assert.equal(answer.statusCode, 409);
  assert.equal(answer.json().code, 'CONSULTATION_COMMITTED');
  assert.equal(answer.json().item, 2);
  assert.equal(app.store.links.length, 1);
  assert.equal((await app.post(batchUrl, [message(), committed])).statusCode, 201);
});

test('lists no more faults of a batch than the limit', async (t) => {
  const app = await testApp(t);
  const { batchUrl } = await started(app);
  const bad = message('', { payload: {}, user_id: '' });
  const answer = await app.post(
    batchUrl,
    Array.from({ length: 100 }, () => bad),
  );
  assert.equal(answer.json().errors.length, limits.fieldErrorsMax);
});

test('takes a batch at the version of If-Match only, and one that comes again by its event ids', async (t) => {
  const app = await testApp(t);
  const { url, batchUrl } = await started(app);
  const batch = [message('a', { event_id: newId() }), message('b', { event_id: newId() })];
  const early = await app.post(batchUrl, batch, { 'if-match': '"2"' });
  assert.equal(early.statusCode, 412);
  assert.equal(early.json().version, 1);
  const first = await app.post(batchUrl, batch, { 'if-match': '"1"' });
  assert.equal(first.statusCode, 201);
  await app.post(url, message('between'));
  const again = await app.post(batchUrl, batch, { 'if-match': '"1"' });
  assert.equal(again.statusCode, 201);
  assert.equal(again.body, first.body);
  assert.equal(again.headers.etag, '"3"');
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(app.store.links.length, 4);
  const partly = [batch[0], message('b', { event_id: newId() })];
  const refused = await app.post(batchUrl, partly);
  assert.equal(refused.json().code, 'EVENT_ID_REUSED');
  assert.deepEqual(refused.json().errors[0].path, '/0/event_id');
});

test('answers 404 for a batch to a consultation that is not known', async (t) => {
  const { post } = await testApp(t);
  for (const id of [newId(), 'abc']) {
    const answer = await post(`/consultations/${id}/events/batch`, [message()]);
    assert.equal(answer.json().code, 'CONSULTATION_NOT_FOUND');
  }
});
