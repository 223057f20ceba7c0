import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { applyPatch } from 'rfc6902';
import { message, testApp } from '../support/http-app.js';

/** A consultation of four versions, one second apart from noon on. */
async function consultation(t: TestContext) {
  let now = Date.parse('2026-03-01T12:00:00Z') - 1000;
  const app = await testApp(t, { now: () => now });
  const post: typeof app.post = (...request) => {
    now += 1000;
    return app.post(...request);
  };
  const id: string = (await post('/consultations', { user_id: 'dr.rivera' })).json().consultation_id;
  for (const content of ['one', 'two', 'three']) await post(`/consultations/${id}/events`, message(content));
  return { ...app, id, url: `/consultations/${id}` };
}

test('shows state, note and events as of a version and as of an instant', async (t) => {
  const { get, store, id, url } = await consultation(t);
  const state = await store.state(id, { version: 2 });
  for (const asOf of ['at_version=2', 'at=2026-03-01T12:00:01Z', 'at=2026-03-01T12:00:01.999Z']) {
    const answer = await get(`${url}?${asOf}`);
    assert.deepEqual(answer.json(), { consultation: state });
    assert.equal(answer.headers.etag, '"2"');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal((await get(`${url}/soap?${asOf}`)).headers.etag, '"2"');
    const events = (await get(`${url}/events?${asOf}&offset=1&limit=2`)).json();
    assert.deepEqual([events.event_count, events.returned_count, events.events[0].version], [2, 1, 2]);
  }
  assert.equal((await get(`${url}?at=9999-01-01T00:00:00Z`)).headers.etag, '"4"');
});

test('answers 404, with the version it is at, for what was not there yet', async (t) => {
  const { get, url } = await consultation(t);
  for (const path of ['', '/soap', '/events']) {
    for (const asOf of ['at_version=5', 'at=2026-03-01T11:59:59.999Z']) {
      const answer = await get(`${url}${path}?${asOf}`);
      assert.equal(answer.statusCode, 404);
      assert.equal(answer.json().code, 'VERSION_NOT_FOUND');
      assert.equal(answer.json().version, 4);
    }
  }
});

test('shows what changed between two versions', async (t) => {
  const { get, store, id, url } = await consultation(t);
  const answer = await get(`${url}/difference?from_version=2`);
  assert.equal(answer.statusCode, 200);
  const { patch, events, ...rest } = answer.json();
  assert.deepEqual(rest, { consultation_id: id, from_version: 2, to_version: 4 });
  assert.deepEqual(
    events.map(({ version, event_type }: { version: number; event_type: string }) => [version, event_type]),
    [
      [3, 'MESSAGE_RECEIVED'],
      [4, 'MESSAGE_RECEIVED'],
    ],
  );
  const state = await store.state(id, { version: 2 });
  applyPatch(state, patch);
  assert.deepEqual(state, await store.state(id));
});

for (const [path, at] of [
  ['?at_version=0', '/at_version'],
  ['?at_version=1.5', '/at_version'],
  ['?at_version=4294967296', '/at_version'],
  ['?at=yesterday', '/at'],
  ['?at_version=1&at=2026-03-01T12:00:00Z', '/at'],
  ['/events?at=1', '/at'],
  ['/difference', '/from_version'],
  ['/difference?from_version=3&to_version=2', '/from_version'],
  ['/difference?from_version=1&at_version=2', '/at_version'],
] as const) {
  test(`refuses ${path} and names the parameter`, async (t) => {
    const { get, url } = await consultation(t);
    const answer = await get(`${url}${path}`);
    assert.equal(answer.statusCode, 422);
    assert.equal(answer.json().errors[0].path, at);
  });
}
