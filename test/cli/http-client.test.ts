/** Requests of the client that the tests of the import do not make. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { httpClient } from '../../src/cli/http-client.js';

async function start(t: TestContext, listener: RequestListener, timeoutMs = 10_000, credentials?: string) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = httpClient(new URL(`http://127.0.0.1:${port}/under/?x=1#y`), timeoutMs, credentials);
  t.after(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  return client;
}

test('keeps the path of the address, and one connection for requests in a row', async (t) => {
  const seen: unknown[] = [];
  const ports = new Set<number | undefined>();
  const client = await start(t, (request, response) => {
    seen.push(request.url);
    ports.add(request.socket.remotePort);
    response.end('{"a":1}');
  });
  assert.deepEqual((await client.send({ method: 'GET', path: '/one' })).body, { a: 1 });
  await client.send({ method: 'POST', path: '/two', body: { text: 'ñandú' } });
  assert.deepEqual(seen, ['/under/one', '/under/two']);
  assert.equal(ports.size, 1);
});

test('gives no body for an answer that is no JSON object', async (t) => {
  const answers = ['<html>', '[1]', '7', ''];
  const client = await start(t, (_request, response) => {
    response.writeHead(500).end(answers.pop());
  });
  for (let index = 0; index < 4; index += 1) {
    const { status, body } = await client.send({ method: 'GET', path: '/' });
    assert.deepEqual([status, body], [500, null]);
  }
});

test('does not wait for ever, for the first byte or for the next', async (t) => {
  const silent = await start(t, () => {}, 20);
  await assert.rejects(silent.send({ method: 'GET', path: '/' }), /no answer for 20 ms/);
  const stuck = await start(t, (_request, response) => void response.writeHead(200).write('{"a":'), 20);
  await assert.rejects(stuck.send({ method: 'GET', path: '/' }));
});

test('sends credentials with every request, if it has any', async (t) => {
  const seen: unknown[] = [];
  const note: RequestListener = (request, response) => {
    seen.push(request.headers.authorization);
    response.end('{}');
  };
  const known = await start(t, note, 10_000, 'fik_0_x');
  await known.send({ method: 'GET', path: '/' });
  await known.send({ method: 'POST', path: '/', body: {} });
  await (await start(t, note)).send({ method: 'GET', path: '/' });
  assert.deepEqual(seen, ['Bearer fik_0_x', 'Bearer fik_0_x', undefined]);
});
