import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { eventJsonOfLink } from '../../src/domain/stored-event.js';
import type { StreamTimes } from '../../src/http/open-streams.js';
import { startServer } from '../../src/http/server.js';
import { type EventStreamReader, openEventStream } from '../support/event-stream.js';
import { message, testApp } from '../support/http-app.js';

async function served(t: TestContext, times: Partial<StreamTimes> = {}) {
  const built = await testApp(t, {}, {}, times);
  const server = await startServer(built.app, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const follow = async (path: string, headers?: Record<string, string>): Promise<EventStreamReader> => {
    const reader = await openEventStream(`${server.url}${path}`, headers);
    t.after(() => reader.close());
    return reader;
  };
  const say = async (id: string, text: string) => {
    assert.equal((await built.post(`/consultations/${id}/events`, message(text))).statusCode, 201);
  };
  return { ...built, server, follow, say };
}

test('serves what was and what comes to EventSource, with sequences as ids', async (t) => {
  const { server, start, say, store } = await served(t);
  const id = await start();
  await say(id, 'before');
  const source = new EventSource(`${server.url}/events`);
  t.after(() => source.close());
  const received: MessageEvent[] = [];
  const third = new Promise<void>((resolve) => {
    source.onmessage = (event) => {
      received.push(event);
      if (received.length === 3) resolve();
    };
  });
  await say(id, 'after\nin two lines');
  await third;
  assert.deepEqual(
    received.map(({ lastEventId, data }) => [lastEventId, data]),
    store.links.map((link) => [String(link.sequence), eventJsonOfLink(link)]),
  );
});

test('comes back for EventSource where it was cut, each event once', async (t) => {
  const { app, server, start, say } = await served(t);
  const id = await start();
  const source = new EventSource(`${server.url}/consultations/${id}/events`);
  t.after(() => source.close());
  const versions: number[] = [];
  let wake: () => void = () => {};
  source.onmessage = ({ data }) => {
    versions.push((JSON.parse(data) as ConsultationEvent).version);
    wake();
  };
  const received = async (count: number): Promise<void> => {
    while (versions.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await received(1);
  for (let round = 0; round < 2; round += 1) {
    app.server.closeAllConnections();
    await say(id, `while away ${round}`);
    await received(versions.length + 1);
  }
  assert.deepEqual(versions, [1, 2, 3]);
});

test('follows one consultation, and the types that are asked for', async (t) => {
  const { follow, start, say, post } = await served(t);
  const [one, other] = [await start(), await start()];
  const own = await follow(`/consultations/${one}/events?from_version=2`);
  const types = await follow('/events?event_type=ADDENDUM_ADDED&event_type=CONSULTATION_STARTED&from=2');
  await say(other, 'not for you');
  await say(one, 'for you');
  const addendum = { event_type: 'ADDENDUM_ADDED', payload: { text: 'a', author: 'dr' }, user_id: 'dr' };
  await post(`/consultations/${other}/events`, addendum);
  const mine = await own.nextMessage();
  assert.equal(mine.id, 4);
  assert.equal(JSON.parse(mine.data).payload.message_content, 'for you');
  assert.equal((await types.nextMessage()).id, 2);
  assert.equal((await types.nextMessage()).id, 5);
});

test('says first where it starts, so that a client comes back there even without an event', async (t) => {
  const { follow, start } = await served(t);
  await start();
  const reader = await follow('/events?from=next');
  assert.deepEqual(await reader.next(), { id: '1', event: 'position', data: '{"through":1}' });
  assert.equal(reader.response.headers['content-type'], 'text/event-stream');
  assert.equal(reader.response.headers['cache-control'], 'no-store');
  const again = await follow('/events?from=next', { 'last-event-id': '0' });
  assert.equal((await again.nextMessage()).id, 1);
});

test('sends heartbeats while there is nothing else', async (t) => {
  const { follow, start } = await served(t, { heartbeatMs: 1 });
  await start();
  const reader = await follow('/events?from=next');
  for (let beats = 0; beats < 3; beats += 1) assert.equal(await reader.nextComment(), '');
});

for (const [path, headers, status, code] of [
  ['/events?from=3', {}, 409, 'POSITION_AHEAD'],
  ['/events', { 'last-event-id': '7' }, 409, 'POSITION_AHEAD'],
  ['/events', { 'last-event-id': 'x' }, 400, 'BAD_REQUEST'],
  ['/events?limit=2', {}, 400, 'BAD_REQUEST'],
  ['/events?follow=false', {}, 400, 'BAD_REQUEST'],
  ['/events?from=0', {}, 422, 'VALIDATION_FAILED'],
  ['/events?event_type=NO_SUCH', {}, 422, 'UNKNOWN_EVENT_TYPE'],
  ['/events?event_type=ADDENDUM_ADDED&event_type=NO_SUCH', {}, 422, 'UNKNOWN_EVENT_TYPE'],
  ['/events', { accept: 'application/json' }, 406, 'NOT_ACCEPTABLE'],
  ['/consultations/ID/events?from_version=1&offset=1', {}, 400, 'BAD_REQUEST'],
  ['/consultations/ID/events?offset=1&event_type=ADDENDUM_ADDED', {}, 400, 'BAD_REQUEST'],
  ['/consultations/ID/events?at_version=1', {}, 400, 'BAD_REQUEST'],
  ['/consultations/ID/events?from_version=3', {}, 409, 'POSITION_AHEAD'],
  ['/consultations/01890000-0000-7000-8000-000000000000/events', {}, 404, 'CONSULTATION_NOT_FOUND'],
] as const) {
  test(`refuses to stream ${path} with ${JSON.stringify(headers)} as ${code}`, async (t) => {
    const { get, start } = await testApp(t);
    const id = await start();
    const answer = await get(path.replace('ID', id), { accept: 'text/event-stream', ...headers });
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json().code, code);
  });
}

test('gives all events of one consultation, and of all, as lines', async (t) => {
  const { get, start, store, post } = await testApp(t);
  const [one, other] = [await start(), await start()];
  for (let i = 0; i < 20; i += 1) await post(`/consultations/${i % 2 ? one : other}/events`, message(`${i}`));
  const lines = store.links.map((link) => `${eventJsonOfLink(link)}\n`);
  const all = await get('/events');
  assert.equal(all.headers['content-type'], 'application/x-ndjson');
  assert.equal(all.body, lines.join(''));
  const own = lines.filter((line) => JSON.parse(line).consultation_id === one).join('');
  const ndjson = { accept: 'application/x-ndjson' };
  assert.equal((await get(`/consultations/${one}/events`, ndjson)).body, own);
  assert.equal((await get('/events?from=5&limit=4')).body, lines.slice(4, 8).join(''));
  assert.equal(
    (await get(`/consultations/${one}/events?offset=1&limit=2`, ndjson)).body.split('\n').length,
    3,
  );
  assert.equal((await get('/events?from=next')).body, '');
});

test('goes on with lines as they come when asked, and ends them cleanly at a stop', async (t) => {
  const { server, start, say } = await served(t);
  const id = await start();
  const answer = await fetch(`${server.url}/events?follow=true`);
  const chunks = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(chunks);
  assert.match(String((await chunks.read()).value), /CONSULTATION_STARTED/);
  await say(id, 'later');
  assert.match(String((await chunks.read()).value), /later/);
  const closed = server.close();
  assert.equal((await chunks.read()).done, true);
  await closed;
});

test('says goodbye to all who follow when it stops, and does not wait for them', async (t) => {
  const { server, follow, start } = await served(t);
  const id = await start();
  const readers = [await follow('/events'), await follow(`/consultations/${id}/events`)];
  for (const reader of readers) await reader.nextMessage();
  const closed = server.close();
  for (const reader of readers) {
    const bye = await reader.next();
    assert.equal(bye?.event, 'bye');
    assert.equal(JSON.parse(bye?.data ?? '').code, 'SHUTTING_DOWN');
    assert.equal(await reader.next(), undefined);
  }
  await closed;
});

test('answers HEAD as it would GET, without a stream', async (t) => {
  const { app, start } = await testApp(t);
  await start();
  const answer = await app.inject({
    method: 'HEAD',
    url: '/events',
    headers: { accept: 'text/event-stream' },
  });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  assert.equal(answer.body, '');
});

test('counts who is sent events, and logs no stream as a slow request', async (t) => {
  const { follow, start, metrics, logged } = await served(t);
  await start();
  const reader = await follow('/events');
  await reader.nextMessage();
  assert.match(await metrics.text(), /^fi_streams_open\{media_type="text\/event-stream"\} 1$/m);
  reader.close();
  while (!/^fi_streams_open\{.*\} 0$/m.test(await metrics.text())) await new Promise(setImmediate);
  assert.doesNotMatch(logged.join(''), /slow request/);
});

test('keeps nothing of a client that left before its stream began', async (t) => {
  const { app, server, start, store, metrics } = await served(t);
  await start();
  const { follow } = store;
  let isReturned = false;
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const asked = new Promise<void>((resolve) => {
    store.follow = async (query) => {
      resolve();
      await held;
      const feed = await follow(query);
      const leave = feed.return?.bind(feed);
      feed.return = async () => {
        isReturned = true;
        return (await leave?.()) ?? { done: true, value: undefined };
      };
      return feed;
    };
  });
  const accepted = once(app.server, 'connection');
  const leaving = new AbortController();
  const request = fetch(`${server.url}/events`, {
    headers: { accept: 'text/event-stream' },
    signal: leaving.signal,
  }).catch(() => undefined);
  const [socket] = await accepted;
  await asked;
  leaving.abort();
  await once(socket, 'close');
  await request;
  release();
  while (!isReturned) await new Promise(setImmediate);
  assert.doesNotMatch(await metrics.text(), /^fi_streams_open\{.*\} [1-9]/m);
});

test('gives pages that start at a version, and pages of several types', async (t) => {
  const { get, start, post } = await testApp(t);
  const id = await start();
  for (let i = 2; i <= 9; i += 1) await post(`/consultations/${id}/events`, message(`${i}`));
  const addendum = { event_type: 'ADDENDUM_ADDED', payload: { text: 'a', author: 'dr' }, user_id: 'dr' };
  await post(`/consultations/${id}/events`, addendum);
  const page = async (query: string) => {
    const { event_count, returned_count, offset, events } = (
      await get(`/consultations/${id}/events?${query}`)
    ).json();
    assert.equal(returned_count, events.length);
    return [event_count, offset, events.map(({ version }: ConsultationEvent) => version)];
  };
  assert.deepEqual(await page('from_version=4&limit=3'), [10, 3, [4, 5, 6]]);
  assert.deepEqual(await page('from_version=9'), [10, 8, [9, 10]]);
  const types = 'event_type=ADDENDUM_ADDED&event_type=CONSULTATION_STARTED';
  assert.deepEqual(await page(types), [10, 0, [1, 10]]);
  assert.deepEqual(await page(`${types}&offset=1`), [10, 1, [10]]);
  assert.deepEqual(await page(`${types}&from_version=2`), [10, 1, [10]]);
  assert.deepEqual(await page('from_version=4&at_version=5'), [5, 3, [4, 5]]);
  assert.deepEqual(await page(`${types}&at_version=9`), [9, 0, [1]]);
});
