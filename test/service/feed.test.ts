/** Clients of the real service that lose their connections at random, and the service itself, while others write. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { openEventStream } from '../support/event-stream.js';
import { message } from '../support/http-app.js';
import { type RunningService, runningService } from './running-service.js';

/** Appends between one restart and the next. FI_TEST_FEED_EVENTS=20000 is about a minute of writes in all. */
const EVENTS = Number(process.env.FI_TEST_FEED_EVENTS ?? 150);
const CONSULTATIONS = 8;
const FOLLOWERS = 12;
const RESTARTS = 2;

/** Where the service is now, which has another port after each restart, and when it is there. */
interface Place extends RunningService {
  back: Promise<unknown>;
}

async function post(place: Place, path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${place.service.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/**
 * Writes until so many appends were answered. One that is not answered, because the service was killed, may be stored
 * or not.
 */
async function write(place: Place, ids: readonly string[], random: Random, count: number): Promise<void> {
  for (let answered = 0; answered < count; ) {
    try {
      const answer = await post(
        place,
        `/consultations/${pickOne(random, ids)}/events`,
        message(`${random()}`),
      );
      if (answer.status === 201) answered += 1;
      await answer.arrayBuffer();
    } catch {
      await place.back;
    }
  }
}

/**
 * Follows with Last-Event-ID, cutting its own connection now and then, until it has the event `last()` or one after
 * it; gives the events it was sent.
 */
async function follow(place: Place, path: string, random: Random, last: () => number): Promise<string[]> {
  const received: string[] = [];
  let lastId: string | undefined;
  while (Number(lastId ?? 0) < last()) {
    try {
      const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
      const reader = await openEventStream(`${place.service.url}${path}`, headers);
      for (let left = integerBetween(random, 1, 200); left > 0; left -= 1) {
        const event = await reader.next();
        if (event === undefined) break;
        lastId = event.id ?? lastId;
        if (event.event === undefined) received.push(event.data);
        if (Number(lastId) >= last()) break;
      }
      reader.close();
    } catch {
      await place.back;
    }
  }
  return received;
}

it('gives every event once and in order to clients that come back at random, over kills and restarts', async (t) => {
  const seed = testSeed(t);
  const random = seededRandom(seed);
  const env = { FI_SEGMENT_EVENTS: '500' };
  const place: Place = Object.assign(await runningService(t, env), { back: Promise.resolve() });
  const ids: string[] = [];
  for (let i = 0; i < CONSULTATIONS; i += 1) {
    const answer = await post(place, '/consultations', { user_id: 'dr' });
    ids.push(((await answer.json()) as { consultation_id: string }).consultation_id);
  }
  let lastSequence = Number.POSITIVE_INFINITY;
  const followers = Array.from({ length: FOLLOWERS }, (_, index) => {
    const own = index % 2 === 0 ? undefined : pickOne(random, ids);
    const path = own === undefined ? '/events' : `/consultations/${own}/events`;
    return { own, events: follow(place, path, seededRandom(seed + 100 + index), () => lastSequence) };
  });
  const writers = [1, 2, 3].map((writer) => seededRandom(seed + writer));
  for (let round = 0; round <= RESTARTS; round += 1) {
    const written = Promise.all(writers.map((own) => write(place, ids, own, EVENTS / writers.length)));
    // Some way into the writes of this round.
    await write(place, ids, random, EVENTS / 10);
    if (round < RESTARTS) {
      const signal = pickOne(random, ['SIGKILL', 'SIGTERM'] as const);
      const restarted = place.service.end(signal).then(async () => {
        place.service = await ServiceProcess.start(place.directory, env);
      });
      place.back = restarted;
      await restarted;
    }
    await written;
  }
  // Whoever follows ends with the first event from here on, and each has one.
  const read = async () => (await (await fetch(`${place.service.url}/events`)).text()).trimEnd().split('\n');
  lastSequence = (await read()).length + 1;
  for (const id of ids)
    assert.equal((await post(place, `/consultations/${id}/events`, message('end'))).status, 201);
  const all = await read();
  const events = all.map((line) => JSON.parse(line) as ConsultationEvent);
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => index + 1),
  );
  assert.ok(events.length >= (RESTARTS + 1) * EVENTS + 2 * CONSULTATIONS);
  for (const { own, events: received } of followers) {
    const got = await received;
    const wanted = all.filter((_, index) => own === undefined || events[index]?.consultation_id === own);
    assert.deepEqual(got, wanted.slice(0, got.length));
    const end = Number((JSON.parse(got.at(-1) ?? '{}') as ConsultationEvent).sequence);
    assert.ok(end >= lastSequence, 'it went on to the end');
  }
  t.diagnostic(`${events.length} events`);
});
