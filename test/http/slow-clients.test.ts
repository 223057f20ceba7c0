/** Clients that do not read: they are dropped with a reason, and nobody else notices. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { StreamTimes } from '../../src/http/open-streams.js';
import { type HttpServer, startServer } from '../../src/http/server.js';
import { openEventStream } from '../support/event-stream.js';
import { message, testApp } from '../support/http-app.js';

const BIG = 'x'.repeat(500_000);

async function served(t: TestContext, times: Partial<StreamTimes>) {
  const built = await testApp(t, {}, {}, times);
  const server = await startServer(built.app, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const id = await built.start();
  const say = async (text: string) => {
    assert.equal((await built.post(`/consultations/${id}/events`, message(text))).statusCode, 201);
  };
  return { ...built, server, id, say };
}

/** A client that asks and then reads nothing; `dropped` resolves when the server has let go of it. */
async function silentClient(
  t: TestContext,
  server: HttpServer,
  app: Awaited<ReturnType<typeof testApp>>['app'],
  path: string,
) {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const socket = connect(server.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  const [ours] = await accepted;
  const dropped = once(ours, 'close');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`);
  return { socket, dropped };
}

/** More than the kernel buffers for one connection. */
const BIGS = 40;
const DROPPED = /^fi_streams_dropped_total\{reason="stalled"\} 1$/m;

test('drops a client that takes nothing, says why, and serves the others and those who write', async (t) => {
  const { app, server, say, metrics, logged } = await served(t, { stallMsMax: 200, goodbyeMs: 1e6 });
  const slow = await silentClient(t, server, app, '/events');
  const reader = await openEventStream(`${server.url}/events`);
  t.after(() => reader.close());
  await reader.nextMessage();
  for (let sent = 2; sent < 2 + BIGS; sent += 1) {
    await say(BIG);
    assert.equal((await reader.nextMessage()).id, sent);
  }
  while (!DROPPED.test(await metrics.text())) await new Promise(setImmediate);
  assert.match(logged.join(''), /dropped a client that reads too slowly/);
  // It reads at last: what it was sent until then, and why there is no more.
  let text = '';
  slow.socket.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  slow.socket.resume();
  await once(slow.socket, 'close');
  const [, problem = ''] = /event: problem\ndata: (.*)\n\n/.exec(text) ?? [];
  assert.equal(JSON.parse(problem).code, 'CLIENT_TOO_SLOW');
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  assert.ok(ids.length < BIGS);
  assert.deepEqual(
    ids,
    ids.map((_, index) => index),
    'nothing is left out of what it was sent, from the position at the start on',
  );
  await say('still here');
  assert.equal((await reader.nextMessage()).id, BIGS + 2);
});

test('lets go of a client that does not even take the reason', async (t) => {
  const { app, server, say } = await served(t, { stallMsMax: 100, goodbyeMs: 100 });
  const slow = await silentClient(t, server, app, '/events');
  for (let sent = 0; sent < BIGS; sent += 1) await say(BIG);
  await slow.dropped;
});

test('drops the client that waited longest when too much waits for all', async (t) => {
  const { app, server, say, metrics } = await served(t, { waitingBytesMax: 1_500_000 });
  const clients = [];
  for (let i = 0; i < 4; i += 1) clients.push(await silentClient(t, server, app, '/events'));
  let dropped = 0;
  for (const client of clients) {
    void client.dropped.then(() => {
      dropped += 1;
    });
  }
  for (let sent = 0; sent < 200 && dropped === 0; sent += 1) {
    await say(BIG);
    await new Promise(setImmediate);
  }
  assert.ok(dropped > 0 && dropped < 4, `${dropped} were dropped`);
  assert.match(await metrics.text(), /^fi_streams_dropped_total\{reason="memory"\} [1-3]$/m);
});
