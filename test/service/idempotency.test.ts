/** Asking again, on the real service: after kill -9, and with curl, which knows nothing of us. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ServiceProcess } from '../../src/cli/torture/service-process.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { message } from '../support/http-app.js';
import { eventsOver } from './over-http.js';
import { runningService } from './running-service.js';

interface Answer {
  status: number;
  body: string;
  isReplay: boolean;
}

async function post(url: string, body: unknown, key: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  const isReplay = response.headers.get('idempotency-replayed') === 'true';
  return { status: response.status, body: await response.text(), isReplay };
}

async function started(url: string): Promise<string> {
  const { body } = await post(`${url}/consultations`, { user_id: 'dr' }, 'start');
  return (JSON.parse(body) as { consultation_id: string }).consultation_id;
}

/** Sends a request and never reads its answer. */
async function sendOnly(url: string, path: string, body: string, key: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
  // The service is killed under it.
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
      `idempotency-key: ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

describe('a request that is sent again after kill -9', () => {
  it('is answered by what was stored, if that happened before its answer was read', async (t) => {
    const running = await runningService(t);
    const { url } = running.service;
    const id = await started(url);
    const path = `/consultations/${id}/events/batch`;
    const batch = [message('a'), message('b')];
    await sendOnly(url, path, JSON.stringify(batch), 'k');
    while ((await eventsOver(url, id)).length < 3);
    await running.service.end('SIGKILL');
    running.service = await ServiceProcess.start(running.directory, {});
    const again = await post(running.service.url + path, batch, 'k');
    assert.deepEqual([again.status, again.isReplay], [201, true]);
    const events = await eventsOver(running.service.url, id);
    const answered = (JSON.parse(again.body) as { events: { hash: string }[] }).events;
    assert.deepEqual(
      answered.map(({ hash }) => hash),
      events.slice(1).map(({ hash }) => hash),
    );
    const other = await post(running.service.url + path, [message('a')], 'k');
    assert.equal(other.status, 422);
  });

  it('is stored once, and answered as the first time if that was answered', async (t) => {
    const random = seededRandom(testSeed(t));
    const running = await runningService(t);
    const id = await started(running.service.url);
    const path = `/consultations/${id}/events`;
    const killAt = integerBetween(random, 20, 200);
    const answers = new Map<number, string>();
    let sent = 0;
    const client = async (): Promise<void> => {
      for (let request = sent++; request < 400; request = sent++) {
        const answer = await post(running.service.url + path, message(`${request}`), `key-${request}`).catch(
          () => undefined,
        );
        if (answer === undefined) return;
        assert.equal(answer.status, 201, answer.body);
        answers.set(request, answer.body);
        if (answers.size === killAt) void running.service.end('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    await running.service.end('SIGKILL');
    running.service = await ServiceProcess.start(running.directory, {});
    let stored = 0;
    for (let request = 0; request < sent; request += 1) {
      const { url } = running.service;
      const again = await post(url + path, message(`${request}`), `key-${request}`);
      assert.equal(again.status, 201, again.body);
      if (answers.has(request)) assert.deepEqual([again.isReplay, again.body], [true, answers.get(request)]);
      else if (again.isReplay) stored += 1;
    }
    const contents = (await eventsOver(running.service.url, id)).map(
      ({ payload }) => payload.message_content,
    );
    assert.equal(new Set(contents.slice(1)).size, sent);
    assert.equal(contents.length, sent + 1);
    t.diagnostic(`${answers.size} answered, ${stored} stored and not answered, ${sent} sent`);
  });
});

const withoutCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed';

describe('curl', { skip: withoutCurl }, () => {
  const curl = (...args: string[]) => spawnSync('curl', ['-sS', ...args], { encoding: 'utf8' });

  it('asks again with an Idempotency-Key, and gets the same body', async (t) => {
    const { service } = await runningService(t);
    const url = `${service.url}/consultations/${await started(service.url)}/events`;
    const send = (text: string) =>
      curl(
        url,
        '-i',
        '-H',
        'content-type: application/json',
        '-H',
        'Idempotency-Key: "8e03978e-40d5-43dd-bc93"',
        '-d',
        JSON.stringify(message(text)),
      ).stdout.split('\r\n\r\n') as [string, string];
    const [firstHead, firstBody] = send('once');
    const [againHead, againBody] = send('once');
    assert.match(firstHead, /^HTTP\/1\.1 201 /);
    assert.doesNotMatch(firstHead, /idempotency-replayed/i);
    assert.match(againHead, /^HTTP\/1\.1 201 /);
    assert.match(againHead, /idempotency-replayed: true/i);
    assert.equal(againBody, firstBody);
    assert.match(send('twice')[0], /^HTTP\/1\.1 422 /);
  });

  it('asks for news only, by the tag that it kept', async (t) => {
    const { directory, service } = await runningService(t);
    const id = await started(service.url);
    const tag = join(directory, 'etag.txt');
    for (const path of ['', '/soap', '/events']) {
      const url = `${service.url}/consultations/${id}${path}`;
      const status = (...args: string[]) =>
        curl(url, '-o', '/dev/null', '-w', '%{http_code}', ...args).stdout;
      assert.equal(status('--etag-save', tag), '200');
      assert.equal(status('--etag-compare', tag), '304');
      assert.equal(status('--etag-compare', tag, '--compressed'), '304');
      const key = `after-${path.slice(1)}`;
      const appended = await post(`${service.url}/consultations/${id}/events`, message(key), key);
      assert.equal(appended.status, 201);
      assert.equal(status('--etag-compare', tag), '200');
    }
  });
});
