import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message, testApp } from '../support/http-app.js';

const PATHS = ['', '/soap', '/events', '/events?limit=1&event_type=MESSAGE_RECEIVED'];

for (const path of PATHS) {
  test(`GET /consultations/{id}${path} answers 304 while nothing changed`, async (t) => {
    const { app, get, post, start } = await testApp(t);
    const id = await start();
    const url = `/consultations/${id}${path}`;
    const first = await get(url);
    assert.equal(first.statusCode, 200);
    assert.equal(first.headers.etag, '"1"');
    for (const tag of ['"1"', 'W/"1"', '"x", W/"1" , "9"', '*', '"1-zstd"']) {
      const again = await get(url, { 'if-none-match': tag });
      assert.equal(again.statusCode, 304, tag);
      assert.equal(again.body, '');
      assert.match(String(again.headers.etag), /^"1(-zstd)?"$/);
      assert.equal(again.headers['cache-control'], first.headers['cache-control']);
      assert.equal(again.headers.vary, first.headers.vary);
      assert.equal(again.headers['content-type'], undefined);
    }
    const head = await app.inject({ method: 'HEAD', url, headers: { 'if-none-match': '"1"' } });
    assert.equal(head.statusCode, 304);
    await post(`/consultations/${id}/events`, message());
    const changed = await get(url, { 'if-none-match': '"1"' });
    assert.equal(changed.statusCode, 200);
    assert.equal(changed.headers.etag, '"2"');
    assert.equal(changed.body, (await get(url)).body);
  });

  test(`GET /consultations/{id}${path} answers in full where no tag is of its version`, async (t) => {
    const { get, start } = await testApp(t);
    const url = `/consultations/${await start()}${path}`;
    for (const tag of ['"2"', 'W/"2", "01"', '""']) {
      assert.equal((await get(url, { 'if-none-match': tag })).statusCode, 200, tag);
    }
  });

  test(`GET /consultations/{id}${path} keeps to If-Match, and refuses what is no list of tags`, async (t) => {
    const { get, start } = await testApp(t);
    const url = `/consultations/${await start()}${path}`;
    assert.equal((await get(url, { 'if-match': '"1", "2"' })).statusCode, 200);
    assert.equal((await get(url, { 'if-match': '"1"', 'if-none-match': '"1"' })).statusCode, 304);
    const other = await get(url, { 'if-match': 'W/"1"' });
    assert.equal(other.statusCode, 412);
    assert.equal(other.json().version, 1);
    for (const name of ['if-match', 'if-none-match']) {
      assert.equal((await get(url, { [name]: '1' })).json().code, 'BAD_REQUEST');
    }
  });

  test(`GET /consultations/{id}${path} answers 404 whatever the condition`, async (t) => {
    const { get, start } = await testApp(t);
    const id = (await start()).replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const answer = await get(`/consultations/${id}${path}`, { 'if-none-match': '*' });
    assert.equal(answer.statusCode, 404);
  });
}

test('a state as it was has the tag of its version, whatever came later', async (t) => {
  const { get, post, start } = await testApp(t);
  const id = await start();
  await post(`/consultations/${id}/events`, message());
  const url = `/consultations/${id}?at_version=1`;
  assert.equal((await get(url)).headers.etag, '"1"');
  assert.equal((await get(url, { 'if-none-match': '"1"' })).statusCode, 304);
  assert.equal((await get(url, { 'if-none-match': '"2"' })).statusCode, 200);
});

test('a page in another form has no tag, since it would be that of the JSON form', async (t) => {
  const { get, start } = await testApp(t);
  const url = `/consultations/${await start()}/events`;
  const accept = 'application/cloudevents-batch+json';
  const answer = await get(url, { accept, 'if-none-match': '"1"' });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers.etag, undefined);
});
