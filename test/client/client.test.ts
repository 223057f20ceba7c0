/** The client against the application over real HTTP. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, it, type TestContext } from 'node:test';
import { ConsultError, commitHash, createClient, type NewEvent } from '../../src/client/client.js';
import { uuidV7 } from '../../src/client/uuid.js';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { isUuidV7 } from '../../src/domain/uuid.js';
import { testSeed } from '../domain/test-seed.js';
import { served } from '../support/served-app.js';
import { flakyProxy } from './flaky-proxy.js';

const canonicalize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string;

const said = (text: string): NewEvent => ({
  event_type: 'MESSAGE_RECEIVED',
  payload: { message_content: text, message_role: 'user' },
  user_id: 'dr.rivera',
});
const urgent: NewEvent = {
  event_type: 'URGENCY_CLASSIFIED',
  payload: {
    urgency_level: 'critical',
    gravity_score: 9,
    time_to_action: 'immediate',
    identified_patterns: [],
    risk_factors: [],
  },
  user_id: 'dr.rivera',
};

async function started(t: TestContext) {
  const { server, store } = await served(t);
  const client = createClient({ baseUrl: `http://127.0.0.1:${server.port}` });
  const { consultation_id: id } = await client.createConsultation({ user_id: 'dr.rivera' });
  return { client, store, id, server };
}

async function first<T>(count: number, values: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  if (count === 0) return taken;
  for await (const value of values) if (taken.push(value) === count) break;
  return taken;
}

const refusal = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ConsultError, String(error));
  assert.equal(error.code, code);
  return true;
};

describe('the client', () => {
  it('starts a consultation, appends to it and reads it in every way', async (t) => {
    const { client, id } = await started(t);
    const one = await client.append(id, said('one'), { ifVersion: 1 });
    assert.equal(one.version, 2);
    const batch = await client.appendBatch(id, [said('two'), urgent]);
    assert.deepEqual(
      batch.events.map(({ version }) => version),
      [3, 4],
    );
    const state = await client.state(id);
    assert.deepEqual([state.version, state.messages.length], [4, 2]);
    assert.equal((await client.state(id, { atVersion: 2 })).messages.length, 1);
    assert.equal(await client.state(id, { ifNoneMatch: 4 }), undefined);
    assert.equal((await client.state(id, { ifNoneMatch: 3 }))?.version, 4);
    assert.equal((await client.soap(id)).is_ready_for_commit, false);
    const difference = await client.difference(id, { fromVersion: 2 });
    assert.deepEqual([difference.to_version, difference.events.length], [4, 2]);
    assert.deepEqual((await client.verify(id)).valid, true);
    assert.equal((await client.event(id, 2)).event_id, one.event_id);
  });

  it('throws what is refused with its code, status and fields', async (t) => {
    const { client, id } = await started(t);
    await assert.rejects(client.append(id, said('late'), { ifVersion: 7 }), (error) => {
      assert.ok(error instanceof ConsultError);
      assert.deepEqual([error.code, error.status], ['WRONG_EXPECTED_VERSION', 412]);
      assert.equal(error.problem.version, 1);
      return true;
    });
    const wrong = { ...urgent, payload: { ...urgent.payload, gravity_score: 11 } } as NewEvent;
    await assert.rejects(client.append(id, wrong), (error) => {
      assert.ok(error instanceof ConsultError);
      assert.deepEqual(error.errors, [{ path: '/payload/gravity_score', message: 'must be <= 10' }]);
      return true;
    });
    await assert.rejects(client.state('nobody'), refusal('CONSULTATION_NOT_FOUND'));
    for await (const _ of client.consultations({ status: 'active' })) assert.ok(_.version);
  });

  it('reads events and consultations over the ends of their pages', async (t) => {
    const { client, id } = await started(t);
    const events = Array.from({ length: 1100 }, (_, index) => (index % 2 === 0 ? said(`${index}`) : urgent));
    const answers = await first(Number.POSITIVE_INFINITY, client.appendStream(id, events));
    assert.deepEqual(
      answers.map(({ line, version }) => version - line),
      events.map(() => 1),
    );
    const all = await first(Number.POSITIVE_INFINITY, client.events(id));
    assert.deepEqual(
      all.map(({ version }) => version),
      Array.from({ length: 1101 }, (_, index) => index + 1),
    );
    const some = client.events(id, { fromVersion: 3, eventTypes: ['MESSAGE_RECEIVED'] });
    assert.equal((await first(Number.POSITIVE_INFINITY, some)).length, 549);
    const ids = [id];
    for (let index = 0; index < 120; index += 1)
      ids.unshift((await client.createConsultation({ user_id: 'dr' })).consultation_id);
    const listed = await first(Number.POSITIVE_INFINITY, client.consultations({ status: 'active' }));
    assert.deepEqual(listed.map(({ consultation_id }) => consultation_id).sort(), ids.sort());
    assert.equal((await first(200, client.consultations({ urgency: 'critical' }))).length, 1);
  });

  it('streams events as they come, and names the one that is refused', async (t) => {
    const { client, id, store } = await started(t);
    let answered = 0;
    async function* source(): AsyncGenerator<NewEvent> {
      yield said('one');
      yield said('two');
      // Comes only if the answers to those before it have.
      while (answered < 2) await new Promise((resolve) => setImmediate(resolve));
      yield said('three');
      yield { ...urgent, payload: { ...urgent.payload, gravity_score: 0 } } as NewEvent;
      yield said('never');
    }
    await assert.rejects(
      async () => {
        for await (const { line } of client.appendStream(id, source(), { ifVersion: 1 })) answered = line;
      },
      (error) => {
        assert.ok(error instanceof ConsultError);
        assert.deepEqual([error.code, error.problem.line], ['VALIDATION_FAILED', 4]);
        return true;
      },
    );
    assert.equal(answered, 3);
    assert.equal(store.links.length, 4);
  });

  it('follows one consultation from a version, and all from now on', async (t) => {
    const { client, id } = await started(t);
    await client.append(id, said('one'));
    const own = client.follow({ consultationId: id, fromVersion: 2, eventTypes: ['MESSAGE_RECEIVED'] });
    assert.equal((await own.next()).value.version, 2);
    const news = client.follow({ from: 'next' });
    const next = news.next();
    const other = await client.createConsultation({ user_id: 'dr' });
    // It is not known when the feed is open; what comes after that is there.
    let isThere = false;
    void next.then(() => {
      isThere = true;
    });
    while (!isThere) await client.append(other.consultation_id, said('news'));
    assert.equal((await next).value.consultation_id, other.consultation_id);
    await client.append(id, urgent);
    await client.append(id, said('two'));
    assert.equal((await own.next()).value.version, 4);
    await Promise.all([own.return(undefined as never), news.return(undefined as never)]);
  });

  it('ends at once with the reason of the caller, also while it follows or waits', async (t) => {
    const { client, id } = await started(t);
    const reason = new Error('enough');
    const controller = new AbortController();
    const { signal } = controller;
    const feed = client.follow({ consultationId: id, fromVersion: 2, signal });
    const busy = createClient({
      baseUrl: 'http://127.0.0.1:1',
      fetch: () => {
        setImmediate(() => controller.abort(reason));
        return Promise.resolve(new Response('', { status: 503, headers: { 'retry-after': '60' } }));
      },
    });
    await Promise.all([
      assert.rejects(feed.next(), reason),
      assert.rejects(busy.verify(id, { signal }), reason),
    ]);
    await assert.rejects(client.verify(id, { signal }), reason);
  });

  it('tries again what may pass, as often as it was told, with the same key', async (t) => {
    const { server } = await served(t);
    const keys: (string | null)[] = [];
    const statuses = [503, 429, 408, 502];
    const flaky: typeof fetch = (input, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'));
      const status = statuses.shift();
      if (status !== undefined) return Promise.resolve(new Response('busy', { status }));
      return fetch(input, init);
    };
    const baseUrl = `http://127.0.0.1:${server.port}/`;
    const { consultation_id: id } = await createClient({ baseUrl, fetch: flaky }).createConsultation({
      user_id: 'dr',
    });
    assert.ok(id);
    assert.equal(keys.length, 5);
    assert.equal(new Set(keys).size, 1);
    statuses.push(503, 503, 503);
    await assert.rejects(
      createClient({ baseUrl, fetch: flaky, retries: 1 }).verify(id),
      refusal('BAD_ANSWER'),
    );
    assert.deepEqual(statuses, [503]);
    statuses[0] = 500;
    await assert.rejects(createClient({ baseUrl, fetch: flaky }).verify(id), refusal('BAD_ANSWER'));
    assert.deepEqual(statuses, []);
  });

  it('waits as long as Retry-After says, and not for ever', async () => {
    const waits: number[] = [];
    let retryAfter = '1';
    const fetchOf: typeof fetch = () => {
      waits.push(performance.now());
      return Promise.resolve(new Response('', { status: 503, headers: { 'retry-after': retryAfter } }));
    };
    const client = createClient({ baseUrl: 'http://127.0.0.1:1', fetch: fetchOf, retries: 1 });
    await assert.rejects(client.verify('x'), refusal('BAD_ANSWER'));
    assert.ok((waits[1] as number) - (waits[0] as number) >= 990);
    retryAfter = '3600';
    await assert.rejects(client.verify('x'), (error) => {
      assert.equal((error as ConsultError).retryAfterSeconds, 3600);
      return true;
    });
    assert.equal(waits.length, 3);
  });

  it('gives up an answer that does not come in time', async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const client = createClient({ baseUrl: 'http://127.0.0.1:1', fetch: never, retries: 1, timeoutMs: 20 });
    await assert.rejects(client.verify('x'), refusal('TIMED_OUT'));
  });

  it('sends the token, which may change', async () => {
    const sent: (string | null)[] = [];
    const fetchOf: typeof fetch = (_input, init) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      return Promise.resolve(Response.json({ valid: true }));
    };
    const baseUrl = 'http://127.0.0.1:1';
    await createClient({ baseUrl, fetch: fetchOf, token: 'a' }).verify('x');
    await createClient({ baseUrl, fetch: fetchOf, token: async () => 'b' }).verify('x');
    await createClient({ baseUrl, fetch: fetchOf }).verify('x');
    assert.deepEqual(sent, ['Bearer a', 'Bearer b', null]);
  });

  it('makes ids and hashes of notes as the service has them', async () => {
    for (let count = 0; count < 1000; count += 1) assert.ok(isUuidV7(uuidV7()));
    const note = {
      plan: ['ECG', 1e21, -0, null],
      assessment: { '\u20ac': '\u{1f600}', '\ufb33': 1, a: true },
    };
    const expected = createHash('sha256').update(canonicalize(note)).digest('hex');
    assert.equal(await commitHash(note), expected);
  });
});

describe('over connections that break', () => {
  it('stores every event once, and follows each once and in order', async (t) => {
    const seed = testSeed(t);
    const { server, store } = await served(t);
    const proxy = await flakyProxy(t, seededRandom(seed), () => server.port);
    proxy.chance = 0.2;
    const client = createClient({ baseUrl: proxy.url, retries: 50 });
    const [a, b] = await Promise.all([
      client.createConsultation({ user_id: 'dr' }),
      client.createConsultation({ user_id: 'dr' }),
    ]);
    const followed = first(122, client.follow());
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let index = 0; index < 10; index += 1)
        await client.append(a.consultation_id, said(`${writer} ${index}`));
    });
    async function* source(): AsyncGenerator<NewEvent> {
      for (let index = 0; index < 60; index += 1) {
        yield said(`stream ${index}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    const streamed = await first(1000, client.appendStream(b.consultation_id, source(), { ifVersion: 1 }));
    await Promise.all(writers);
    assert.deepEqual(
      streamed.map(({ version }) => version),
      Array.from({ length: 60 }, (_, index) => index + 2),
    );
    assert.equal(store.links.length, 122);
    assert.deepEqual(
      (await followed).map(({ sequence }) => sequence),
      Array.from({ length: 122 }, (_, index) => index + 1),
    );
    const contents = await first(1000, client.events(b.consultation_id, { fromVersion: 2 }));
    assert.deepEqual(
      contents.map(({ payload }) => payload.message_content),
      Array.from({ length: 60 }, (_, index) => `stream ${index}`),
    );
    assert.ok(proxy.cuts.requests > 0 && proxy.cuts.answers > 0);
    t.diagnostic(`broken: ${proxy.cuts.requests} requests, ${proxy.cuts.answers} answers`);
  });
});
