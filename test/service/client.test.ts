/** The client on the real service, which is killed while it appends and follows, behind connections that break. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { createClient, type NewEvent } from '../../src/client/client.js';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { flakyProxy } from '../client/flaky-proxy.js';
import { testSeed } from '../domain/test-seed.js';
import { runningService } from './running-service.js';

const WRITERS = 4;
const APPENDS = 40;
const STREAMED = 120;
const RESTARTS = 2;
const EVENTS = 1 + WRITERS * APPENDS + STREAMED;

const said = (text: string): NewEvent => ({
  event_type: 'MESSAGE_RECEIVED',
  payload: { message_content: text, message_role: 'user' },
  user_id: 'dr.rivera',
});

it('stores nothing twice, loses nothing and follows without a gap, over kill -9 and restarts', async (t) => {
  const random = seededRandom(testSeed(t));
  const running = await runningService(t);
  const proxy = await flakyProxy(t, random, () => Number(new URL(running.service.url).port));
  proxy.chance = 0.03;
  const client = createClient({ baseUrl: proxy.url, retries: 100 });
  const { consultation_id: id } = await client.createConsultation({ user_id: 'dr.rivera' });

  let acknowledged = 0;
  let restarts = 0;
  let restarted: Promise<void> = Promise.resolve();
  /** Kills the service when about a third, and two thirds, of all events are acknowledged. */
  const count = (): void => {
    acknowledged += 1;
    if (restarts === RESTARTS || acknowledged < ((restarts + 1) * EVENTS) / (RESTARTS + 1)) return;
    restarts += 1;
    restarted = running.service.end('SIGKILL').then(async () => {
      running.service = await ServiceProcess.start(running.directory);
    });
  };

  const followed = (async () => {
    const events: string[] = [];
    for await (const { version, payload } of client.follow({ consultationId: id })) {
      assert.equal(version, events.push(String(payload.message_content)));
      if (version === EVENTS) break;
    }
    return events;
  })();
  const versions: number[] = [];
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let index = 0; index < APPENDS; index += 1) {
      versions.push((await client.append(id, said(`${writer} ${index}`))).version);
      count();
    }
  });
  async function* source(): AsyncGenerator<NewEvent> {
    for (let index = 0; index < STREAMED; index += 1) {
      yield said(`stream ${index}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const streaming = (async () => {
    for await (const { version } of client.appendStream(id, source())) {
      versions.push(version);
      count();
    }
  })();
  await Promise.all([...writers, streaming]);
  await restarted;

  assert.equal(restarts, RESTARTS);
  assert.deepEqual(
    versions.sort((a, b) => a - b),
    Array.from({ length: EVENTS - 1 }, (_, index) => index + 2),
  );
  const stored: string[] = [];
  for await (const { payload } of client.events(id)) stored.push(String(payload.message_content));
  assert.deepEqual(await followed, stored);
  assert.equal(new Set(stored).size, EVENTS);
  assert.deepEqual(
    stored.filter((text) => text.startsWith('stream')),
    Array.from({ length: STREAMED }, (_, index) => `stream ${index}`),
  );
  assert.equal((await client.verify(id)).valid, true);
  t.diagnostic(`broken: ${proxy.cuts.requests} requests, ${proxy.cuts.answers} answers`);
});
