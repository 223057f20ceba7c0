/** The promises with several processes: one store, four API workers, and any of them killed. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { httpClient } from '../../src/cli/http-client.js';
import { checkSequences } from '../../src/cli/torture/check-store.js';
import { Clinic } from '../../src/cli/torture/clinic.js';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { limits } from '../../src/domain/limits.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { ClusterProcesses } from '../support/cluster-processes.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { checkAll, eventsOver, getJson } from './over-http.js';

const ROUNDS = Number(process.env.FI_TEST_ROUNDS ?? 5);
const WORKERS = 4;
const CLIENTS = 16;
/** Small segments, so that journals roll and are sealed meanwhile. */
const ENV = { FI_SEGMENT_EVENTS: '400', FI_MIRROR_MS: '50' };

let cluster: ClusterProcesses;

// One for all tests: to start so many processes takes longer than most of these.
before(async () => {
  cluster = await ClusterProcesses.start(await temporaryDirectory(), { workers: WORKERS, env: ENV });
});
after(async () => {
  await cluster.end('SIGKILL');
  await rm(cluster.dataDir, { recursive: true });
});

/** Resolves once every worker has its store. */
async function allReady(): Promise<void> {
  for (const url of cluster.urls) {
    while ((await fetch(`${url}/health/ready`)).status !== 200) await delay(10);
  }
}

function post(url: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const message = (text: string) => ({
  event_type: 'MESSAGE_RECEIVED',
  user_id: 'dr-lopez',
  payload: { message_content: text, message_role: 'user' },
});

async function startedAt(url: string): Promise<string> {
  const answer = await post(url, '/consultations', { user_id: 'dr-lopez' });
  return ((await answer.json()) as { consultation_id: string }).consultation_id;
}

/** What all clients get that ask at once, each another worker in turn. */
function atOnce(urls: readonly string[], ask: (url: string, client: number) => Promise<Response>) {
  return Promise.all(
    Array.from({ length: CLIENTS }, (_, client) => ask(urls[client % urls.length] as string, client)),
  );
}

// First, since it knows every event of the store.
describe('several workers and their store under kill -9', () => {
  it('lose nothing that was acknowledged, and store nothing twice', async (t) => {
    const random = seededRandom(testSeed(t));
    const clinic = new Clinic();
    const over = new AbortController();
    const play = async (client: number): Promise<void> => {
      for (let seed = client; !over.signal.aborted; seed += CLIENTS) {
        const worker = cluster.workers[integerBetween(random, 0, WORKERS - 1)] as ServiceProcess;
        await worker.listening;
        await clinic.play(worker.url, seed, over.signal);
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, client) => play(client));
    for (let round = 0; round < ROUNDS; round += 1) {
      await clinic.acknowledged.further(integerBetween(random, 50, 600));
      const victim = integerBetween(random, 0, WORKERS);
      if (victim === WORKERS || round % 3 === 0) {
        await cluster.store.end('SIGKILL');
        await cluster.restartStore();
      } else {
        await (cluster.workers[victim] as ServiceProcess).end('SIGKILL');
        await cluster.restartWorker(victim);
      }
    }
    over.abort();
    await Promise.all(clients);
    const [url = ''] = cluster.urls;
    await allReady();
    const client = httpClient(new URL(url), limits.tortureRequestMs);
    for (const consultation of clinic.consultations) await clinic.resend(client, consultation);
    client.close();
    const { sequences, findings } = await checkAll(url, clinic.consultations);
    checkSequences(sequences, findings);
    assert.deepEqual(findings.texts, []);
    t.diagnostic(`${ROUNDS} kills, ${clinic.acknowledged.count} acknowledged, ${clinic.resent} sent again`);
  });
});

/** Counts that any worker shows for all. */
async function figuresAt(url: string): Promise<Record<string, number>> {
  const answer = await fetch(`${url}/metrics`, { headers: { accept: 'application/json' } });
  const figures = (await answer.json()) as {
    fi_events_appended_total: number;
    fi_ingest_latency_seconds: { ingest: { count: number }; persist: { count: number } };
    queue: { accepted: { routine: number }; events_max: number };
  };
  // What may wait is divided among the workers.
  assert.equal(figures.queue.events_max, 4096);
  const { ingest, persist } = figures.fi_ingest_latency_seconds;
  return {
    appended: figures.fi_events_appended_total,
    ingest: ingest.count,
    persist: persist.count,
    accepted: figures.queue.accepted.routine,
  };
}

describe('several workers on one store', () => {
  it('let one win of all who append at the same version, each time', async () => {
    const { urls } = cluster;
    const id = await startedAt(urls[0] as string);
    for (let version = 1; version <= 40; version += 1) {
      const answers = await atOnce(urls, (url, client) =>
        post(url, `/consultations/${id}/events`, message(`${client}`), { 'if-match': `"${version}"` }),
      );
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [201, ...Array.from({ length: CLIENTS - 1 }, () => 412)]);
    }
    assert.equal((await eventsOver(urls[3] as string, id)).length, 41);
  });

  it('store a request once that comes to all of them at once with the same key', async () => {
    const { urls } = cluster;
    const id = await startedAt(urls[0] as string);
    for (let round = 0; round < 20; round += 1) {
      const answers = await atOnce(urls, (url) =>
        post(url, `/consultations/${id}/events`, message(`${round}`), { 'idempotency-key': `key-${round}` }),
      );
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
      const bodies = await Promise.all(answers.map((answer) => answer.text()));
      assert.equal(new Set(bodies).size, 1);
      const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
      assert.equal(replayed.length, CLIENTS - 1);
    }
    const key = { 'idempotency-key': 'start' };
    const starts = await atOnce(urls, (url) => post(url, '/consultations', { user_id: 'dr-lopez' }, key));
    const ids = await Promise.all(
      starts.map((answer) => answer.json() as Promise<{ consultation_id: string }>),
    );
    assert.equal(new Set(ids.map(({ consultation_id }) => consultation_id)).size, 1);
    assert.equal((await eventsOver(urls[1] as string, id)).length, 21);
  });

  it('refuse while the store is away, within a second and saying when to come back, and go on by themselves', async () => {
    const [url = ''] = cluster.urls;
    const id = await startedAt(url);
    await cluster.store.end('SIGKILL');
    // Until the worker has seen that, it does not know what becomes of what it sends.
    while ((await fetch(`${url}/health/ready`)).status !== 503) await delay(1);
    const askedMs = performance.now();
    const answer = await post(url, `/consultations/${id}/events`, message('away'));
    assert.ok(performance.now() - askedMs < 1000);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.equal(((await answer.json()) as { code: string }).code, 'STORE_UNREACHABLE');
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    await cluster.restartStore();
    await allReady();
    assert.equal((await post(url, `/consultations/${id}/events`, message('back'))).status, 201);
    assert.equal((await eventsOver(url, id)).length, 2);
  });

  it('are shown by each of them in its figures, all together', async () => {
    const { urls } = cluster;
    const before = await figuresAt(urls[0] as string);
    const ids = await Promise.all(urls.map(startedAt));
    await Promise.all(
      urls.map((url, index) => post(url, `/consultations/${ids[index]}/events`, message('x'))),
    );
    for (const url of urls) {
      const { accepted, ...counts } = await figuresAt(url);
      const more = Object.entries(counts).map(([name, count]) => [name, count - (before[name] ?? 0)]);
      assert.deepEqual(Object.fromEntries(more), { appended: 8, ingest: 8, persist: 8 });
      assert.equal((accepted ?? 0) - (before.accepted ?? 0), 8);
      const text = await (await fetch(`${url}/metrics`)).text();
      for (const line of [
        'fi_workers 4',
        'fi_workers_missing 0',
        `fi_events_appended_total ${counts.appended}`,
      ])
        assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it('leave the directory to one store', async () => {
    const { dataDir, urls } = cluster;
    for (const kind of ['store', 'serve'] as const) {
      // One that starts all the same would outlive the test.
      const started = ServiceProcess.start(dataDir, {}, undefined, kind).then((other) =>
        other.end('SIGKILL'),
      );
      await assert.rejects(started, /DATA_DIR_LOCKED/);
    }
    assert.deepEqual(await getJson(urls[0] as string, '/health/ready'), { status: 'ready' });
  });
});
