import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { message, testApp } from '../support/http-app.js';

test('shows the state of a consultation with its version as ETag', async (t) => {
  const { post, get, store, start } = await testApp(t);
  const id = await start();
  await post(`/consultations/${id}/events`, message('one'));
  const answer = await get(`/consultations/${id}`);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers.etag, '"2"');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.deepEqual(answer.json(), { consultation: await store.state(id) });
});

test('shows the note, and whether it may be committed', async (t) => {
  const { post, get, start } = await testApp(t);
  const id = await start();
  const soap = () => get(`/consultations/${id}/soap`);
  assert.deepEqual((await soap()).json(), {
    consultation_id: id,
    soap_note: null,
    completeness: 0,
    urgency_assessment: null,
    is_ready_for_commit: false,
  });
  const send = (event_type: string, payload: object) =>
    post(`/consultations/${id}/events`, { event_type, payload, user_id: 'u' });
  await send('EXTRACTION_PROCESS_COMPLETED', {
    final_extraction: {},
    total_iterations: 1,
    final_completeness: 80,
    final_nom_compliance: 90,
  });
  await send('SOAP_GENERATION_COMPLETED', {
    soap_data: { plan: 'rest' },
    quality_score: 1,
    ready_for_commit: true,
  });
  const answer = await soap();
  assert.deepEqual(answer.json().soap_note, { plan: 'rest' });
  assert.equal(answer.json().is_ready_for_commit, true);
  assert.equal(answer.headers.etag, '"3"');
});

test('pages through the events, and counts all whatever is asked for', async (t) => {
  const { post, get, store, start } = await testApp(t);
  const id = await start();
  await start();
  for (const content of ['a', 'b', 'c']) await post(`/consultations/${id}/events`, message(content));
  const page = async (query: string) => (await get(`/consultations/${id}/events${query}`)).json();
  const all = await page('');
  assert.deepEqual(Object.keys(all), [
    'consultation_id',
    'event_count',
    'returned_count',
    'offset',
    'events',
  ]);
  assert.equal(all.event_count, 4);
  assert.equal(all.returned_count, 4);
  assert.deepEqual(
    all.events.map(({ version }: ConsultationEvent) => version),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    all.events,
    (await store.events({ consultationId: id, offset: 0, limit: 100 })).eventsJson.map((text) =>
      JSON.parse(text),
    ),
  );
  const second = await page('?offset=1&limit=2');
  assert.deepEqual([second.event_count, second.returned_count, second.offset], [4, 2, 1]);
  assert.deepEqual(second.events, all.events.slice(1, 3));
  const typed = await page('?event_type=MESSAGE_RECEIVED&offset=2');
  assert.deepEqual([typed.event_count, typed.returned_count], [4, 1]);
  assert.deepEqual(typed.events, all.events.slice(3));
  assert.deepEqual((await page('?offset=99')).events, []);
});

for (const [query, path] of [
  ['limit=0', '/limit'],
  ['limit=1001', '/limit'],
  ['limit=x', '/limit'],
  ['limit=1.5', '/limit'],
  ['limit=1&limit=2', '/limit'],
  ['offset=-1', '/offset'],
  ['event_type=NO_SUCH', '/event_type'],
  ['ofset=1', '/ofset'],
] as const) {
  test(`refuses the query ${query} and names the parameter`, async (t) => {
    const { get, start } = await testApp(t);
    const answer = await get(`/consultations/${await start()}/events?${query}`);
    assert.equal(answer.statusCode, 422);
    assert.equal(answer.json().errors[0].path, path);
  });
}

test('refuses query parameters where there are none', async (t) => {
  const { get, post, start } = await testApp(t);
  const id = await start();
  for (const url of [`/consultations/${id}?x=1`, `/consultations/${id}/soap?x=1`]) {
    assert.equal((await get(url)).json().code, 'VALIDATION_FAILED');
  }
  assert.equal((await post('/consultations?x=1', { user_id: 'u' })).json().code, 'VALIDATION_FAILED');
});
