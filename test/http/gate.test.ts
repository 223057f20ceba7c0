import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { ErrorCode } from '../../src/domain/errors.js';
import { limits } from '../../src/domain/limits.js';
import { PROBLEMS } from '../../src/http/problems.js';
import { message } from '../support/http-app.js';
import { dial, type Served, served } from '../support/served-app.js';

/** Sends bytes and gives the answer once the connection is closed; the text asks for that itself. */
async function exchange(t: TestContext, { server }: Served, text: string): Promise<string> {
  const { socket, answer } = await dial(t, server);
  socket.write(text);
  return answer;
}

function assertProblem(answer: string, code: ErrorCode): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const { status } = PROBLEMS[code];
  assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
  assert.match(head, /\r\ncontent-type: application\/problem\+json/);
  const problem = JSON.parse(body);
  assert.deepEqual([problem.code, problem.status], [code, status]);
}

const get = (host: string, target = '/health/live'): string =>
  `GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;

test('answers under addresses, localhost and the names that are allowed', async (t) => {
  const app = await served(t, {}, undefined, { allowedHosts: ['consult.clinic.example'] });
  const hosts = ['127.0.0.1:7001', '10.1.2.3', '[::1]:7001', '[::1]', 'localhost', 'LOCALHOST:80'];
  for (const host of [...hosts, 'api.localhost.', 'Consult.Clinic.example:443']) {
    assert.match(await exchange(t, app, get(`Host: ${host}\r\n`)), /^HTTP\/1\.1 200 /, host);
  }
});

test('refuses every other name, so that a page cannot reach the service by a name of its own', async (t) => {
  const app = await served(t);
  const body = JSON.stringify({ user_id: 'u' });
  for (const host of [
    'attacker.example',
    'attacker.example:7001',
    '127.0.0.1.attacker.example',
    'localhost.attacker.example',
    'localhost@attacker.example',
    '127.0.0.1 attacker.example',
    'notlocalhost',
    '127.1',
    '[::1].attacker.example',
    '[zz]',
    'localhost:x',
    '',
  ]) {
    assertProblem(await exchange(t, app, get(`Host: ${host}\r\n`)), 'MISDIRECTED_REQUEST');
    const post =
      `POST /consultations HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    assertProblem(await exchange(t, app, post), 'MISDIRECTED_REQUEST');
  }
  assertProblem(
    await exchange(t, app, get('Host: localhost\r\n', 'http://attacker.example/health/live')),
    'MISDIRECTED_REQUEST',
  );
  assert.equal(app.store.links.length, 0);
});

test('takes a whole URL in the request line, as a proxy may send it', async (t) => {
  const app = await served(t);
  const answer = await exchange(t, app, get('Host: attacker.example\r\n', 'http://localhost/health/live'));
  assert.match(answer, /^HTTP\/1\.1 200 /);
});

for (const [what, text, code] of [
  ['no host', get(''), 'BAD_REQUEST'],
  ['two hosts', get('Host: localhost\r\nhost: attacker.example\r\n'), 'BAD_REQUEST'],
  ['an expectation that there is not', get('Host: localhost\r\nExpect: 42\r\n'), 'BAD_REQUEST'],
  [
    'too many headers',
    get(`Host: localhost\r\n${'a: b\r\n'.repeat(limits.headersMax - 1)}`),
    'HEADERS_TOO_LARGE',
  ],
  [
    'far too many headers',
    get(`Host: localhost\r\n${'a: b\r\n'.repeat(20 * limits.headersMax)}`),
    'HEADERS_TOO_LARGE',
  ],
  [
    'a URL that is too long',
    get('Host: localhost\r\n', `/${'x'.repeat(limits.urlCharsMax)}`),
    'URL_TOO_LONG',
  ],
] as const) {
  test(`refuses ${what}`, async (t) => {
    assertProblem(await exchange(t, await served(t), text), code);
  });
}

test('takes as many headers and as long a URL as the limits say', async (t) => {
  const app = await served(t);
  const headers = `Host: localhost\r\n${'a: b\r\n'.repeat(limits.headersMax - 2)}`;
  assert.match(await exchange(t, app, get(headers)), /^HTTP\/1\.1 200 /);
  const path = '/health/live?x=';
  const long = get('Host: localhost\r\n', path.padEnd(limits.urlCharsMax, 'x'));
  assert.match(await exchange(t, app, long), /^HTTP\/1\.1 200 /);
});

test('does not answer the second of two requests in the place of the first', async (t) => {
  let entered = (): void => {};
  let open = (): void => {};
  const isWriting = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const beforeWrite = (): Promise<void> => {
    entered();
    return new Promise((resolve) => {
      open = resolve;
    });
  };
  const app = await served(t, { beforeWrite }, 50);
  t.after(() => open());
  const body = JSON.stringify({ user_id: 'u' });
  const { socket, answer } = await dial(t, app.server);
  socket.write(
    `POST /consultations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  await isWriting;
  socket.write('NONSENSE\r\n\r\n');
  assert.equal(await answer, '');
});

test('answers garbage on a connection that was good before, when no answer is due', async (t) => {
  const app = await served(t);
  const { socket, answer } = await dial(t, app.server);
  socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  socket.write('GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n', 'latin1');
  const [first = '', second = ''] = (await answer).split(/(?<=\})(?=HTTP)/);
  assert.match(first, /^HTTP\/1\.1 200 /);
  assertProblem(second, 'BAD_REQUEST');
});

test('keeps a connection on which an upload was refused once it is through', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let entered = (): void => {};
  let open = (): void => {};
  const isWriting = new Promise<void>((resolve) => {
    entered = resolve;
  });
  let writes = 0;
  const beforeWrite = (): Promise<void> | void => {
    writes += 1;
    // The upload is refused, and the request after it waits.
    if (writes === 1) return;
    entered();
    return new Promise((resolve) => {
      open = resolve;
    });
  };
  const app = await served(t, { beforeWrite });
  const { socket, answer } = await dial(t, app.server);
  const head = `POST /consultations/019a1f0c-7c51-7a3e-9d42-6f0b8a5c1e27/events/stream HTTP/1.1\r\nHost: localhost\r\n`;
  // The next lines are being read when the first is refused, and more is left than Node reads ahead.
  const lines = `${JSON.stringify(message('x'.repeat(100_000)))}\n`.repeat(20);
  socket.write(
    `${head}Content-Type: application/x-ndjson\r\nContent-Length: ${lines.length}\r\n\r\n${lines}`,
  );
  await once(socket, 'data');
  const body = JSON.stringify({ user_id: 'u' });
  socket.write(
    `POST /consultations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  await isWriting;
  t.mock.timers.tick(limits.streamLingerMs);
  open();
  assert.match(await answer, /^HTTP\/1\.1 404 [\s\S]*HTTP\/1\.1 201 /);
});

const EVERY_ANSWER = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

test('sends the headers that protect a browser with every answer, each once', async (t) => {
  const app = await served(t);
  const { url } = app.server;
  const id = await app.start();
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const answers = await Promise.all([
    fetch(`${url}/consultations/${id}`),
    fetch(`${url}/consultations/${id}/events`),
    fetch(`${url}/consultations/${id}/events`, { ...sent, body: JSON.stringify(message()) }),
    fetch(`${url}/consultations/${id}/events`, { ...sent, body: '{' }),
    fetch(`${url}/consultations`, { method: 'DELETE' }),
    fetch(`${url}/metrics`),
    fetch(`${url}/nowhere`),
    fetch(`${url}/${'x'.repeat(limits.urlCharsMax)}`),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 201, 422, 405, 200, 404, 414],
  );
  for (const { url, headers } of answers) {
    for (const [name, value] of Object.entries(EVERY_ANSWER)) assert.equal(headers.get(name), value, url);
  }
  const bare = await exchange(t, app, 'NONSENSE\r\n\r\n');
  for (const [name, value] of Object.entries(EVERY_ANSWER))
    assert.ok(bare.includes(`\r\n${name}: ${value}\r\n`));
});

test('lets the pages of the documentation run their own scripts and stand in no frame', async (t) => {
  const { server } = await served(t);
  const answer = await fetch(`${server.url}/docs`);
  assert.equal(answer.status, 200);
  assert.match(
    answer.headers.get('content-security-policy') ?? '',
    /default-src 'self'.*frame-ancestors 'none'/,
  );
  const [script = ''] = /src="([^"]+bundle\.js)"/.exec(await answer.text())?.slice(1) ?? [];
  const bundle = await fetch(new URL(script, `${server.url}/docs/`));
  assert.equal(bundle.status, 200);
  assert.equal(bundle.headers.get('x-content-type-options'), 'nosniff');
  await bundle.arrayBuffer();
});

test('lets no page of another origin read anything unless it is named', async (t) => {
  const { server } = await served(t);
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://clinic.example', 'access-control-request-method': 'POST' },
  };
  const answer = await fetch(`${server.url}/consultations`, preflight);
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
});

test('lets pages of the named origins send what the routes take and read what they answer', async (t) => {
  const corsOrigins = ['https://clinic.example', 'http://localhost:3000'];
  const { server } = await served(t, {}, undefined, { corsOrigins });
  const url = `${server.url}/consultations`;
  const origin = 'https://clinic.example';
  const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'if-match' };
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin, ...asks } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin);
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/);
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /If-Match/);
  const sent = { method: 'POST', body: '{"user_id":"u"}' };
  const answer = await fetch(url, { ...sent, headers: { origin, 'content-type': 'application/json' } });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('access-control-allow-origin'), origin);
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /ETag, Location, Retry-After/);
  assert.equal(answer.headers.get('access-control-allow-credentials'), null);
  assert.equal(answer.headers.get('vary'), 'origin');
  const metrics = await fetch(`${server.url}/metrics`, { headers: { origin } });
  assert.equal(metrics.headers.get('vary'), 'accept, accept-encoding, origin');
  for (const other of ['https://clinic.example.attacker.example', 'https://CLINIC.example', 'null', '*']) {
    const refused = await fetch(url, { method: 'OPTIONS', headers: { origin: other, ...asks } });
    assert.equal(refused.status, 405, other);
    assert.equal(refused.headers.get('access-control-allow-origin'), null);
  }
});

test('takes no body that a form or a script of any page could send without being asked', async (t) => {
  const app = await served(t);
  const { port } = app.server;
  const body = JSON.stringify({ user_id: 'u' });
  for (const type of [
    '',
    'Content-Type: text/plain\r\n',
    'Content-Type: application/x-www-form-urlencoded\r\n',
  ]) {
    const head = `POST /consultations HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n${type}`;
    const answer = await exchange(t, app, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    assertProblem(answer, 'UNSUPPORTED_MEDIA_TYPE');
  }
  assert.equal(app.store.links.length, 0);
});

const SOON = { headersMs: 100, requestMs: 200, keepAliveMs: 100, checkMs: 20 };

for (const [what, text] of [
  ['sends nothing', ''],
  ['does not end its headers', 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n'],
  [
    'does not end its body',
    'POST /consultations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
  [
    'does not end its chunks',
    'POST /consultations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
  ],
] as const) {
  test(`cuts off a client that ${what}, and tells it`, async (t) => {
    const app = await served(t, {}, undefined, { times: SOON });
    assertProblem(await exchange(t, app, text), 'REQUEST_TIMEOUT');
    assert.equal(app.store.links.length, 0);
    assert.doesNotMatch(app.logged.join(''), /"level":"error"/);
  });
}

test('closes a connection that waits too long with its next request', async (t) => {
  const app = await served(t, {}, undefined, { times: SOON });
  const answer = await exchange(t, app, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 /);
});

test('takes no more connections than the limit', async (t) => {
  const { server } = await served(t, {}, undefined, { connectionsMax: 2 });
  const open = [await dial(t, server), await dial(t, server)];
  const third = await dial(t, server);
  assert.equal(await third.answer, '');
  // The server waits for those that never sent anything.
  for (const { socket } of open) socket.destroy();
});

test('answers 404 for a path that is no route, whatever its body is', async (t) => {
  const { post } = await served(t);
  for (const body of ['{', '{"a":1,"a":2}', `"${'x'.repeat(limits.bodyBytesMax)}"`]) {
    assert.equal((await post('/nowhere', body)).json().code, 'ROUTE_NOT_FOUND');
  }
  const text = await post('/nowhere', 'x', { 'content-type': 'text/plain' });
  assert.equal(text.json().code, 'ROUTE_NOT_FOUND');
});
