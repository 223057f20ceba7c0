import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { CodedError } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { startServer } from '../../src/http/server.js';
import { message, testApp } from '../support/http-app.js';
import { dial, served } from '../support/served-app.js';

const POST_HEAD = (body: string, close = true) =>
  `POST /consultations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
  `${close ? 'Connection: close\r\n' : ''}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;

for (const [what, text, status, code] of [
  ['what is no HTTP', 'NONSENSE\r\n\r\n', 400, 'BAD_REQUEST'],
  ['a request without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'BAD_REQUEST'],
  [
    'two different lengths',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'BAD_REQUEST',
  ],
  [
    'headers without end',
    `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${'a'.repeat(limits.headerBytesMax)}\r\n\r\n`,
    431,
    'HEADERS_TOO_LARGE',
  ],
] as const) {
  test(`answers ${what} with ${status} on the socket and closes it`, async (t) => {
    const { server } = await served(t);
    const { socket, answer } = await dial(t, server);
    socket.write(text);
    const [head, body] = (await answer).split('\r\n\r\n');
    assert.match(String(head), new RegExp(`^HTTP/1\\.1 ${status} `));
    if (code !== undefined) {
      assert.match(String(head), /content-type: application\/problem\+json/);
      assert.equal(JSON.parse(String(body)).code, code);
    }
    assert.equal((await fetch(`${server.url}/health/live`)).status, 200);
  });
}

test('lets a client that sends too much read the answer, and keeps its connection', async (t) => {
  const { server, store } = await served(t);
  const body = `"${'x'.repeat(3 * limits.bodyBytesMax)}"`;
  const { socket, answer } = await dial(t, server);
  socket.write(POST_HEAD(body, false) + body);
  const good = JSON.stringify({ user_id: 'u' });
  socket.write(POST_HEAD(good) + good);
  const received = await answer;
  assert.match(received, /^HTTP\/1\.1 413 /);
  assert.match(received, /"code":"BODY_TOO_LARGE"/);
  assert.match(received, /HTTP\/1\.1 201 /);
  assert.equal(store.links.length, 1);
});

test('keeps nothing of a body that ends before its time', async (t) => {
  const { server, store, app } = await served(t);
  const body = JSON.stringify({ user_id: 'u' });
  const { socket } = await dial(t, server);
  const aborted = new Promise((resolve) =>
    app.server.once('request', (request) => request.once('close', resolve)),
  );
  socket.write(POST_HEAD(body) + body.slice(0, -1));
  await once(app.server, 'request');
  socket.destroy();
  await aborted;
  assert.equal((await store.health()).headSequence, 0);
  assert.equal(store.links.length, 0);
});

test('serves requests over a kept connection after one was refused', async (t) => {
  const { server } = await served(t);
  const { socket, answer } = await dial(t, server);
  const bad = '{"user_id":';
  const good = JSON.stringify({ user_id: 'u' });
  socket.write(POST_HEAD(bad, false) + bad + POST_HEAD(good) + good);
  assert.match(await answer, /^HTTP\/1\.1 422 [\s\S]*HTTP\/1\.1 201 /);
});

test('says what to do when the port is taken', async (t) => {
  const { server } = await served(t);
  const { app } = await testApp(t);
  await assert.rejects(startServer(app, { host: '127.0.0.1', port: server.port }), (error) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'INVALID_SETTINGS');
    assert.match(error.message, /in use.*FI_PORT/);
    return true;
  });
});

/** A gate that writes wait at; `entered` resolves when the first one is there. */
function gate() {
  let open = (): void => {};
  let enter = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const beforeWrite = (): Promise<void> => {
    enter();
    return opened;
  };
  return { open, entered, beforeWrite };
}

test('finishes the requests in flight when it stops, and refuses those that come after', {
  timeout: 8_000,
}, async (t) => {
  const { open, entered, beforeWrite } = gate();
  // A deadline past the timeout of this test: what is left open would hold the stop up, and the test with it.
  const { server, app, store } = await served(t, { beforeWrite }, 15_000);
  const body = JSON.stringify({ user_id: 'u' });
  async function begin(text: string) {
    const connection = await dial(t, server);
    const arrived = once(app.server, 'request');
    connection.socket.write(text);
    await arrived;
    return connection;
  }
  // One that goes on to send another request, one that has sent half a body, and one that stays open idly.
  const busy = await begin(POST_HEAD(body, false) + body);
  const half = await begin(POST_HEAD(body, false) + body.slice(0, 5));
  const idle = await begin(POST_HEAD(body, false) + body);
  await entered;
  const closed = server.close();
  busy.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(app.server, 'request');
  half.socket.write(body.slice(5));
  open();
  await closed;
  const [first, second] = (await busy.answer).split(/(?=HTTP\/1\.1 )/);
  assert.match(String(first), /^HTTP\/1\.1 201 /);
  assert.match(String(second), /^HTTP\/1\.1 503 /);
  assert.match(String(second), /connection: close/i);
  assert.match(String(second), /retry-after: 5/i);
  assert.match(String(second), /"code":"SHUTTING_DOWN"/);
  for (const { answer } of [half, idle]) assert.match(await answer, /^HTTP\/1\.1 201 /);
  assert.equal(store.links.length, 3);
  await assert.rejects(fetch(`${server.url}/health/live`));
});

test('closes idle connections at once when it stops', async (t) => {
  const { server } = await served(t);
  const { socket, answer } = await dial(t, server);
  const body = JSON.stringify({ user_id: 'u' });
  socket.write(POST_HEAD(body, false) + body);
  await once(socket, 'data');
  await server.close();
  assert.match(await answer, /^HTTP\/1\.1 201 /);
});

test('cuts off what does not end within the time that a stop has', async (t) => {
  const { entered, beforeWrite, open } = gate();
  const { server } = await served(t, { beforeWrite }, 50);
  t.after(open);
  const { socket, answer } = await dial(t, server);
  const body = JSON.stringify({ user_id: 'u' });
  socket.write(POST_HEAD(body) + body);
  await entered;
  await server.close();
  assert.equal(await answer, '');
});

test('answers over a real connection as it does without one', async (t) => {
  const { server, start } = await served(t);
  const id = await start();
  const answer = await fetch(`${server.url}/consultations/${id}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'if-match': '"1"' },
    body: JSON.stringify(message()),
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('etag'), '"2"');
});
