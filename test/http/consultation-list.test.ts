import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { message, testApp } from '../support/http-app.js';

interface Listed {
  consultation_id: string;
  user_id: string;
  urgency: string | null;
  created_at: string;
}

interface Page {
  consultations: Listed[];
  returned_count: number;
  next_cursor: string | null;
}

test('lists consultations as their states have them, newest first', async (t) => {
  const { get, post, store, start } = await testApp(t);
  const ids = [await start(), await start()];
  await post(`/consultations/${ids[0]}/events`, message());
  const answer = await get('/consultations');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const page = answer.json<Page>();
  const states = await Promise.all(ids.toReversed().map((id) => store.state(id)));
  const shown = (state: ConsultationState) => ({
    consultation_id: state.consultation_id,
    user_id: 'dr.rivera',
    status: state.status,
    urgency: null,
    created_at: state.created_at,
    updated_at: state.updated_at,
    version: state.version,
    event_count: state.event_count,
    is_committed: state.is_committed,
  });
  assert.deepEqual(page, { consultations: states.map(shown), returned_count: 2, next_cursor: null });
});

test('takes every filter, and they narrow together', async (t) => {
  const { get, post, start } = await testApp(t);
  const plain = await start();
  const urgent = await start();
  const classified = { urgency_level: 'high', gravity_score: 7, time_to_action: 'urgent' };
  await post(`/consultations/${urgent}/events`, {
    event_type: 'URGENCY_CLASSIFIED',
    payload: { ...classified, identified_patterns: [], risk_factors: [] },
    user_id: 'dr.rivera',
  });
  const other = (await post('/consultations', { user_id: 'ñurse & co' })).json().consultation_id;
  const find = async (query: string): Promise<string[]> =>
    (await get(`/consultations?${query}`)).json<Page>().consultations.map((one) => one.consultation_id);
  assert.deepEqual(await find(`user_id=${encodeURIComponent('ñurse & co')}`), [other]);
  assert.deepEqual(await find('user_id=dr.rivera'), [urgent, plain]);
  assert.deepEqual(await find('urgency=high'), [urgent]);
  assert.deepEqual(await find('urgency=none&status=active'), [other, plain]);
  assert.deepEqual(await find('status=committed'), []);
  assert.deepEqual(await find('from=9999-12-31T23:59:59.999Z'), []);
  assert.deepEqual(await find('to=0000-01-01T00:00:00Z'), []);
  assert.deepEqual(await find('from=2000-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&urgency=high'), [urgent]);
});

test('goes through all pages by their cursors, which keep to their filters', async (t) => {
  const { get, start } = await testApp(t);
  const ids: string[] = [];
  for (let i = 0; i < 7; i += 1) ids.push(await start());
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = (
      await get(`/consultations?limit=3&status=active${cursor ? `&cursor=${cursor}` : ''}`)
    ).json();
    found.push(...page.consultations.map((one) => one.consultation_id));
    cursor = page.next_cursor;
    if (cursor === null) break;
    for (const filters of ['', 'status=committed&', 'status=active&user_id=x&', 'urgency=none&']) {
      const answer = await get(`/consultations?${filters}cursor=${cursor}`);
      assert.equal(answer.statusCode, 422);
      assert.equal(answer.json().code, 'INVALID_CURSOR');
      assert.equal(answer.json().errors[0].path, '/cursor');
    }
  } while (cursor !== null);
  assert.deepEqual(found, ids.toReversed());
});

for (const cursor of ['', 'x', 'A'.repeat(42), '!'.repeat(42), 'A'.repeat(4000), `AQ${'A'.repeat(40)}`]) {
  test(`refuses the cursor ${cursor.slice(0, 20)} of ${cursor.length} characters`, async (t) => {
    const { get } = await testApp(t);
    const answer = await get(`/consultations?cursor=${cursor}`);
    assert.equal(answer.json().code, 'INVALID_CURSOR');
  });
}

for (const [query, path] of [
  ['limit=0', '/limit'],
  ['limit=201', '/limit'],
  ['status=open', '/status'],
  ['urgency=', '/urgency'],
  ['user_id=', '/user_id'],
  ['from=2026-01-01', '/from'],
  ['from=2026-02-30T00:00:00Z', '/from'],
  ['to=2026-01-01T00:00:60Z', '/to'],
  ['to=2026-01-01T00:00:00.0001Z', '/to'],
  ['to=2026-01-01T00:00:00%2B02:00', '/to'],
  ['offset=1', '/offset'],
] as const) {
  test(`refuses to list by ${query}, and names the parameter`, async (t) => {
    const answer = await (await testApp(t)).get(`/consultations?${query}`);
    assert.equal(answer.statusCode, 422);
    assert.equal(answer.json().errors[0].path, path);
  });
}
