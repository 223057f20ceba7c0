/** How a worker stops whose place another one takes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startServer } from '../../src/http/server.js';
import { testApp } from '../support/http-app.js';
import { dial } from '../support/served-app.js';

const REQUEST = 'GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';
/** Longer than any test: what drains ends before. */
const LONG_MS = 60_000;

test('serves open connections while it drains, closes each with an answer, and takes no new ones', async (t) => {
  const { app } = await testApp(t);
  const server = await startServer(app, { host: '127.0.0.1', port: 0, drainMs: LONG_MS });
  const { socket, answer } = await dial(t, server);
  socket.write(REQUEST);
  const [first] = (await once(socket, 'data')) as [string];
  assert.match(first, /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(first, /connection: close/i);
  const closing = server.close();
  const late = connect(server.port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  socket.write(REQUEST);
  const all = await answer;
  const second = all.slice(all.lastIndexOf('HTTP/1.1 '));
  assert.match(second, /^HTTP\/1\.1 200 /);
  assert.match(second, /connection: close/i);
  await closing;
});

test('closes a connection on which nothing comes once it has drained for long enough', async (t) => {
  const { app } = await testApp(t);
  const server = await startServer(app, { host: '127.0.0.1', port: 0, drainMs: 50 });
  const { answer } = await dial(t, server);
  await server.close();
  assert.equal(await answer, '');
});
