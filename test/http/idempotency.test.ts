import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../src/domain/limits.js';
import { message, testApp } from '../support/http-app.js';

const withKey = (key: string) => ({ 'idempotency-key': key });

for (const [what, path, body, other] of [
  ['a start', '/consultations', { user_id: 'dr' }, { user_id: 'luz' }],
  ['an append', '/consultations/:id/events', message('once'), message('twice')],
  [
    'a batch',
    '/consultations/:id/events/batch',
    [message('a'), message('b')],
    [message('a'), message('b'), message('c')],
  ],
] as const) {
  test(`answers ${what} with the same Idempotency-Key as the first time, byte for byte`, async (t) => {
    const { post, store, start } = await testApp(t);
    const id = await start();
    const url = path.replace(':id', id);
    const first = await post(url, body, withKey('k'));
    const { length } = store.links;
    await post(`/consultations/${id}/events`, message('between'));
    const again = await post(url, body, withKey('k'));
    assert.equal(first.statusCode, 201, first.body);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    assert.equal(again.statusCode, 201);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.equal(again.body, first.body);
    assert.equal(again.headers.etag, first.headers.etag);
    assert.equal(again.headers.location, first.headers.location);
    const reused = await post(url, other, withKey('k'));
    assert.equal(reused.statusCode, 422);
    assert.equal(reused.json().code, 'IDEMPOTENCY_KEY_REUSED');
    assert.equal(store.links.length, length + 1);
  });
}

test('answers a repeated append although the version of its If-Match has passed', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const headers = { ...withKey('k'), 'if-match': '"1"' };
  const first = await post(url, message(), headers);
  const again = await post(url, message(), headers);
  assert.deepEqual([again.statusCode, again.body], [201, first.body]);
});

test('decides anew about a key whose request was refused', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  assert.equal((await post(url, message('x'), { ...withKey('k'), 'if-match': '"9"' })).statusCode, 412);
  assert.equal((await post(url, message('', { payload: {} }), withKey('k'))).statusCode, 422);
  const answer = await post(url, message('y'), withKey('k'));
  assert.equal(answer.statusCode, 201);
  assert.equal(answer.headers['idempotency-replayed'], undefined);
});

test('takes a key in quotes for the same key', async (t) => {
  const { post, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  for (const [plain, quoted] of [
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
    ['a\\b"c', '"a\\\\b\\"c"'],
    ['k'.repeat(limits.idempotencyKeyCharsMax), `"${'k'.repeat(limits.idempotencyKeyCharsMax)}"`],
  ] as const) {
    const first = await post(url, message(), withKey(plain));
    assert.equal(first.statusCode, 201, first.body);
    assert.equal((await post(url, message(), withKey(quoted))).body, first.body);
  }
});

for (const key of [
  '',
  ' ',
  '""',
  'two words',
  '"two words"',
  'k, k',
  'ключ',
  '"k',
  '"k"; a=1',
  '"a\\b"',
  '"a"b"',
  'k'.repeat(limits.idempotencyKeyCharsMax + 1),
]) {
  test(`refuses the Idempotency-Key ${JSON.stringify(key.slice(0, 20))}`, async (t) => {
    const { post, store, start } = await testApp(t);
    const id = await start();
    for (const [url, body] of [
      [`/consultations/${id}/events`, message()],
      [`/consultations/${id}/events/batch`, [message()]],
      ['/consultations', { user_id: 'dr' }],
    ] as const) {
      const answer = await post(url, body, withKey(Buffer.from(key).toString('latin1')));
      assert.equal(answer.statusCode, 400, answer.body);
      assert.equal(answer.json().code, 'INVALID_IDEMPOTENCY_KEY');
    }
    assert.equal(store.links.length, 1);
  });
}

test('refuses a key for a stream, which it cannot stand for', async (t) => {
  const { post, store, start } = await testApp(t);
  const headers = { ...withKey('k'), 'content-type': 'application/x-ndjson' };
  const answer = await post(
    `/consultations/${await start()}/events/stream`,
    JSON.stringify(message()),
    headers,
  );
  assert.equal(answer.json().code, 'INVALID_IDEMPOTENCY_KEY');
  assert.equal(store.links.length, 1);
});
