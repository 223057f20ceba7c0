import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { ConsultationEvent, JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { limits } from '../../src/domain/limits.js';
import { PAYLOAD_SCHEMAS } from '../../src/domain/payload-schemas.js';
import { hexOfLatin1, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { message, testApp } from '../support/http-app.js';

function exampleOf(type: EventType): JsonObject {
  return (PAYLOAD_SCHEMAS[type] as unknown as { examples: [JsonObject] }).examples[0];
}

test('starts a consultation and says where it is', async (t) => {
  const { post, store } = await testApp(t);
  const answer = await post('/consultations', { user_id: 'dr.rivera', patient_stub: { age: 58 } });
  assert.equal(answer.statusCode, 201);
  const body = answer.json();
  assert.deepEqual(Object.keys(body).sort(), ['consultation_id', 'created_at', 'durability', 'session_id']);
  assert.equal(answer.headers.location, `/consultations/${body.consultation_id}`);
  assert.equal(answer.headers.etag, '"1"');
  assert.match(body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const state = await store.state(body.consultation_id);
  assert.deepEqual(state.patient_data, { age: 58 });
  assert.equal(state.session_id, body.session_id);
});

test('starts a consultation once when the client chose its id and asks again', async (t) => {
  const { post, store } = await testApp(t);
  const request = { user_id: 'dr.rivera', consultation_id: uuidV7Generator()(Date.now()) };
  const first = await post('/consultations', request);
  const again = await post('/consultations', request);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.statusCode, 201);
  assert.equal(again.body, first.body);
  assert.equal(store.links.length, 1);
  const other = await post('/consultations', { ...request, user_id: 'dr.other' });
  assert.equal(other.statusCode, 409);
  assert.equal(other.json().code, 'CONSULTATION_ALREADY_STARTED');
});

test('answers an append with what was stored', async (t) => {
  const { post, store, start } = await testApp(t);
  const id = await start();
  const payload = { message_role: 'user', message_content: 'Me duele el pecho 🫀', beyond: [1.5] };
  const answer = await post(`/consultations/${id}/events`, message('', { payload }));
  assert.equal(answer.statusCode, 201);
  const { eventsJson } = await store.events({ consultationId: id, offset: 1, limit: 1 });
  const event = JSON.parse(eventsJson[0] as string) as ConsultationEvent;
  assert.deepEqual(event.payload, payload);
  assert.equal(event.metadata.source, 'api');
  assert.equal(event.metadata.user_id, 'dr.rivera');
  assert.deepEqual(answer.json(), {
    event_id: event.event_id,
    consultation_id: id,
    event_count: 2,
    timestamp: event.timestamp,
    sequence: 2,
    version: 2,
    audit_hash: hexOfLatin1(sha256Latin1(Buffer.from(canonicalJson(payload)))),
    hash: event.hash,
    durability: 'fsync',
  });
  assert.equal(answer.headers.etag, '"2"');
});

test('says that only the write was waited for when the store says so', async (t) => {
  const { post, start } = await testApp(t, { durability: 'os' });
  const answer = await post(`/consultations/${await start()}/events`, message());
  assert.equal(answer.json().durability, 'os');
});

test('accepts each of the thirty types', async (t) => {
  const { post, get, start } = await testApp(t);
  assert.equal(EVENT_TYPES.length, 30);
  for (const type of EVENT_TYPES) {
    const url = `/consultations/${await start()}/events`;
    const received = (await post(url, message())).json();
    const payload = { ...exampleOf(type), beyond: { kept: true } };
    if ('message_id' in payload) payload.message_id = received.event_id;
    const answer = await post(url, { event_type: type, payload, user_id: 'dr.rivera' });
    if (type === 'CONSULTATION_STARTED') {
      assert.equal(answer.statusCode, 409, type);
      continue;
    }
    assert.equal(answer.statusCode, 201, `${type}: ${answer.body}`);
    const [event] = (
      await get(`${url}?event_type=${type}&offset=${type === 'MESSAGE_RECEIVED' ? 1 : 0}`)
    ).json().events;
    assert.deepEqual(event.payload, payload, type);
  }
});

test('stores an event once when its event_id comes again, and gives the first answer', async (t) => {
  const { post, store, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const request = message('once', { event_id: uuidV7Generator()(Date.now()) });
  const first = await post(url, request);
  await post(url, message('between'));
  const again = await post(url, request);
  assert.equal(again.statusCode, 201);
  assert.equal(again.body, first.body);
  assert.equal(again.headers.etag, '"2"');
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(store.links.length, 3);
  const other = await post(url, { ...request, payload: { message_content: 'twice', message_role: 'user' } });
  assert.equal(other.statusCode, 422);
  assert.equal(other.json().code, 'EVENT_ID_REUSED');
  assert.equal(store.links.length, 3);
});

test('appends at the version of If-Match and at no other', async (t) => {
  const { post, store, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  assert.equal((await post(url, message(), { 'if-match': '"1"' })).statusCode, 201);
  const late = await post(url, message(), { 'if-match': '"1"' });
  assert.equal(late.statusCode, 412);
  assert.equal(late.json().code, 'WRONG_EXPECTED_VERSION');
  assert.equal(late.json().version, 2);
  assert.equal((await post(url, message(), { 'if-match': '*' })).statusCode, 201);
  assert.equal(store.links.length, 3);
});

for (const tag of ['7', '"7', 'W/7', '"1" "2"', '*, "1"', '""x', 'w/"1"', ', ,', '']) {
  test(`refuses If-Match ${tag === '' ? 'without a value' : tag}`, async (t) => {
    const { post, store, start } = await testApp(t);
    const answer = await post(`/consultations/${await start()}/events`, message(), { 'if-match': tag });
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.json().code, 'BAD_REQUEST');
    assert.equal(store.links.length, 1);
  });
}

for (const tag of ['"7"', 'W/"1"', '"01"', '"x"', '""', '"7", W/"1" ,"8"', '"1-br"']) {
  test(`answers 412 to If-Match ${tag}, which no version 1 has`, async (t) => {
    const { post, store, start } = await testApp(t);
    const url = `/consultations/${await start()}/events`;
    for (const [path, body] of [
      [url, message()],
      [`${url}/batch`, [message()]],
    ] as const) {
      const answer = await post(path, body, { 'if-match': tag });
      assert.equal(answer.statusCode, 412);
      assert.equal(answer.json().version, 1);
    }
    assert.equal(store.links.length, 1);
  });
}

for (const tag of ['"1"', '*', '"7","1"', ' , "7" ,, "1",', '"1-gzip"', '"x,y", "1"']) {
  test(`appends to version 1 for If-Match ${tag}`, async (t) => {
    const { post, start } = await testApp(t);
    const answer = await post(`/consultations/${await start()}/events`, message(), { 'if-match': tag });
    assert.equal(answer.statusCode, 201, answer.body);
  });
}

test('times the ingest and the whole of accepted requests only', async (t) => {
  const { post, timers, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  await post(url, message());
  await post(url, message('', { event_type: 'NO_SUCH' }));
  await post('/consultations', {});
  assert.equal(timers.summary('ingest').count, 2);
  assert.equal(timers.summary('total').count, 2);
});

test('takes a large body, which is read in several turns, like any other', async (t) => {
  const { post, get, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const content = 'el dolor no cede 😀 '.repeat(20_000);
  assert.ok(content.length > limits.largeBodyBytesMin);
  assert.equal((await post(url, message(content))).statusCode, 201);
  const { events } = (await get(`${url}?event_type=MESSAGE_RECEIVED`)).json();
  assert.equal(events[0].payload.message_content, content);
  const refused = await post(url, JSON.stringify(message(content)).slice(0, -1));
  assert.equal(refused.json().code, 'INVALID_JSON');
});
