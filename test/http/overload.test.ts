/** Overload over real connections: a store whose writes the test holds back, so that what is sent piles up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startServer } from '../../src/http/server.js';
import { message, testApp } from '../support/http-app.js';

const EVENTS_MAX = 64;
/** What is left of the bound for routine requests. */
const ROUTINE_MAX = 48;

const alert = () => ({
  event_type: 'CRITICAL_PATTERN_DETECTED',
  user_id: 'dr.rivera',
  payload: {
    pattern_name: 'p',
    gravity_score: 9,
    widow_maker_alert: true,
    symptoms_matched: [],
    critical_differentials: [],
    time_to_action: 'immediate',
  },
});

test('sheds routine requests first, stores nothing of them, answers reads, and goes on as before', async (t) => {
  let isHeld = false;
  let held: (() => void)[] = [];
  const beforeWrite = async (): Promise<void> => {
    if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
  };
  const load = () => ({ events: held.length, bytes: 0, ageMs: 0, unindexed: 0, unindexedMax: 1 });
  const { app, store, start, logged } = await testApp(
    t,
    { beforeWrite },
    {},
    {},
    { load, eventsMax: EVENTS_MAX, waitMs: 1e6 },
  );
  const server = await startServer(app, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const id = await start();
  const post = (body: object): Promise<Response> =>
    fetch(`${server.url}/consultations/${id}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  /** Sends as many that are taken and wait for the store. */
  async function fill(body: object, count: number): Promise<Promise<Response>[]> {
    const until = held.length + count;
    const answers = Array.from({ length: count }, () => post(body));
    while (held.length < until) await turn();
    return answers;
  }

  isHeld = true;
  const waiting = await fill(message(), ROUTINE_MAX);
  // Twice over connections that are kept: before the gate is there, and through it.
  for (let round = 0; round < 20; round += 1) {
    const refused = await post(message());
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.match(String(refused.headers.get('content-type')), /application\/problem\+json/);
    assert.equal(((await refused.json()) as { code: string }).code, 'OVERLOADED');
  }
  waiting.push(...(await fill(alert(), EVENTS_MAX - ROUTINE_MAX)));
  assert.equal((await post(alert())).status, 503, 'past the whole bound');

  const state = await fetch(`${server.url}/consultations/${id}`);
  assert.equal(state.status, 200);
  assert.equal((await fetch(`${server.url}/health/live`)).status, 200);
  const figures = await fetch(`${server.url}/metrics`, { headers: { accept: 'application/json' } });
  const { queue } = (await figures.json()) as { queue: Record<string, unknown> };
  assert.equal(queue.events, EVENTS_MAX);
  assert.deepEqual(queue.accepted, { critical: EVENTS_MAX - ROUTINE_MAX, routine: ROUTINE_MAX + 1 });
  assert.deepEqual(queue.dropped, {
    critical: { full: 1, late: 0, gone: 0 },
    routine: { full: 20, late: 0, gone: 0 },
  });
  assert.deepEqual(queue.received, { critical: EVENTS_MAX - ROUTINE_MAX + 1, routine: ROUTINE_MAX + 21 });
  assert.equal(store.links.length, 1);

  isHeld = false;
  const release = held;
  held = [];
  for (const go of release) go();
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 201);
  // For a while after a critical one was refused only critical ones are taken.
  while ((await post(message())).status !== 201) await turn();
  for (let round = 0; round < 4; round += 1) assert.equal((await post(message())).status, 201);
  assert.equal(store.links.length, 1 + EVENTS_MAX + 5);
  const lines = logged.map((line) => JSON.parse(line).msg);
  assert.equal(lines.filter((line) => line === 'overloaded: requests are refused').length, 1);
});
