import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message, testApp } from '../support/http-app.js';

test('answers whether a consultation is stored as it was acknowledged', async (t) => {
  const { post, get, start } = await testApp(t);
  const id = await start();
  const { hash } = (await post(`/consultations/${id}/events`, message())).json();
  const answer = await get(`/consultations/${id}/verify`);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual(answer.json(), { consultation_id: id, valid: true, events: 2, head_hash: hash });
});

test('names the first damage of a consultation', async (t) => {
  const { get, store, start } = await testApp(t);
  const id = await start();
  const damage = { sequence: 9, version: 1, reason: 'it cannot be read' };
  store.verify = async () => ({ valid: false, events: 1, headHash: 'a'.repeat(64), damage });
  const answer = await get(`/consultations/${id}/verify`);
  assert.equal(answer.statusCode, 200);
  const head_hash = 'a'.repeat(64);
  assert.deepEqual(answer.json(), { consultation_id: id, valid: false, events: 1, head_hash, damage });
});

test('verifies no consultation that is not there, and takes no query', async (t) => {
  const { get, start } = await testApp(t);
  const id = await start();
  for (const unknown of ['no-uuid', id.replace(/.$/, id.endsWith('0') ? '1' : '0')]) {
    const answer = await get(`/consultations/${unknown}/verify`);
    assert.deepEqual([answer.statusCode, answer.json().code], [404, 'CONSULTATION_NOT_FOUND']);
  }
  assert.equal((await get(`/consultations/${id}/verify?x=1`)).json().code, 'VALIDATION_FAILED');
});
