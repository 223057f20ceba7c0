import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import * as zlib from 'node:zlib';
import { limits } from '../../src/domain/limits.js';
import { startServer } from '../../src/http/server.js';
import { contentCodings } from '../../src/ops/content-codings.js';
import { message, type TestApp, testApp } from '../support/http-app.js';

const CODINGS = await contentCodings();
const JSON_TYPE = { 'content-type': 'application/json' };

/** A consultation whose state is larger than a packet. */
async function largeConsultation({ post, start }: TestApp, messages = 8): Promise<string> {
  const id = await start();
  for (let i = 0; i < messages; i += 1) {
    await post(`/consultations/${id}/events`, message(`me duele el pecho ${i} `.repeat(20)));
  }
  return id;
}

for (const { name, unpack } of CODINGS) {
  test(`compresses a larger answer with ${name}, under a tag of its own`, async (t) => {
    const app = await testApp(t);
    for (const messages of [8, 1000]) {
      const url = `/consultations/${await largeConsultation(app, messages)}`;
      const plain = await app.get(url);
      const packed = await app.get(url, { 'accept-encoding': name });
      assert.equal(packed.headers['content-encoding'], name);
      assert.match(String(packed.headers.vary), /accept-encoding/);
      assert.equal(Number(packed.headers['content-length']), packed.rawPayload.length);
      assert.ok(packed.rawPayload.length * 2 < plain.rawPayload.length);
      assert.deepEqual(await unpack(packed.rawPayload, 1e8), plain.rawPayload);
      assert.equal(plain.headers.etag, `"${messages + 1}"`);
      assert.equal(packed.headers.etag, `"${messages + 1}-${name}"`);
    }
  });

  test(`takes the tag of an answer in ${name} for its version`, async (t) => {
    const app = await testApp(t);
    const id = await largeConsultation(app);
    const append = (tag: string) => app.post(`/consultations/${id}/events`, message(), { 'if-match': tag });
    assert.equal((await append(`"8-${name}"`)).statusCode, 412);
    assert.equal((await append(`"9-${name}"`)).statusCode, 201);
  });

  test(`reads a body in ${name}, and nothing of one that is broken or unpacks to too much`, async (t) => {
    const app = await testApp(t);
    const { pack } = CODINGS.find((coding) => coding.name === name) as (typeof CODINGS)[number];
    const create = async (body: Buffer) =>
      app.app.inject({
        method: 'POST',
        url: '/consultations',
        headers: { ...JSON_TYPE, 'content-encoding': name },
        payload: body,
      });
    const body = Buffer.from(
      JSON.stringify({ user_id: 'dr.rivera', patient_stub: { note: 'x'.repeat(50_000) } }),
    );
    const packed = await pack(body);
    assert.equal((await create(packed)).statusCode, 201);
    for (const broken of [
      packed.subarray(0, -1),
      packed.subarray(1),
      Buffer.from('x'),
      Buffer.concat([body]),
    ]) {
      const answer = await create(broken);
      assert.equal(answer.statusCode, 400, broken.toString('hex', 0, 8));
      assert.equal(answer.json().code, 'BAD_REQUEST');
    }
    const fits = Buffer.from(`"${'x'.repeat(limits.bodyBytesMax - 2)}"`);
    assert.equal((await create(await pack(fits))).json().code, 'VALIDATION_FAILED');
    for (const bomb of [Buffer.concat([fits, Buffer.from(' ')]), Buffer.alloc(200 * limits.bodyBytesMax)]) {
      const answer = await create(await pack(bomb));
      assert.equal(answer.statusCode, 413);
      assert.equal(answer.json().code, 'BODY_TOO_LARGE');
    }
    assert.equal(app.store.links.length, 1);
  });
}

test('compresses nothing that fits a packet, and nothing for who does not accept it', async (t) => {
  const app = await testApp(t);
  const small = await app.get(`/consultations/${await app.start()}/soap`, { 'accept-encoding': 'gzip' });
  assert.equal(small.headers['content-encoding'], undefined);
  assert.match(String(small.headers.vary), /accept-encoding/);
  const url = `/consultations/${await largeConsultation(app)}`;
  for (const accepted of [
    '',
    'identity',
    'br',
    'gzip;q=0, zstd;q=0',
    'identity, gzip;q=0.5',
    'gzip;q=zero',
  ]) {
    const answer = await app.get(url, { 'accept-encoding': accepted });
    assert.equal(answer.headers['content-encoding'], undefined, accepted);
    assert.equal(answer.headers.etag, '"9"');
  }
  for (const [accepted, coding] of [
    ['GZIP', 'gzip'],
    ['br;q=1, gzip;q=0.2, identity;q=0.1', 'gzip'],
    ['*', CODINGS[0]?.name],
  ]) {
    const answer = await app.get(url, { 'accept-encoding': accepted as string });
    assert.equal(answer.headers['content-encoding'], coding, accepted);
  }
});

test('says in HEAD what it would say in GET', async (t) => {
  const app = await testApp(t);
  const url = `/consultations/${await largeConsultation(app)}`;
  const headers = { 'accept-encoding': 'gzip' };
  const get = await app.get(url, headers);
  const head = await app.app.inject({ method: 'HEAD', url, headers });
  for (const name of ['content-encoding', 'content-length', 'etag', 'vary']) {
    assert.equal(head.headers[name], get.headers[name], name);
  }
  assert.equal(head.rawPayload.length, 0);
});

for (const encoding of ['br', 'deflate', 'gzip, gzip', 'compress', '']) {
  test(`refuses a body in the coding "${encoding}", and names those that it reads`, async (t) => {
    const { app, store } = await testApp(t);
    const answer = await app.inject({
      method: 'POST',
      url: '/consultations',
      headers: { ...JSON_TYPE, 'content-encoding': encoding },
      payload: zlib.gzipSync('{"user_id":"u"}'),
    });
    assert.equal(answer.statusCode, 415);
    assert.equal(answer.json().code, 'UNSUPPORTED_CONTENT_CODING');
    const names = CODINGS.map(({ name }) => name).join(', ');
    assert.equal(answer.headers['accept-encoding'], names);
    assert.equal(answer.json().accepted_codings, names);
    assert.equal(store.links.length, 0);
  });
}

test('refuses a stream of events that is compressed', async (t) => {
  const { app, start } = await testApp(t);
  const answer = await app.inject({
    method: 'POST',
    url: `/consultations/${await start()}/events/stream`,
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    payload: zlib.gzipSync(`${JSON.stringify(message())}\n`),
  });
  assert.equal(answer.statusCode, 415);
  assert.equal(answer.headers['accept-encoding'], 'identity');
});

test('takes the other names of the codings that it reads', async (t) => {
  const { app } = await testApp(t);
  for (const [encoding, payload] of [
    ['x-gzip', zlib.gzipSync('{"user_id":"u"}')],
    ['GZip', zlib.gzipSync('{"user_id":"u"}')],
    ['identity', '{"user_id":"u"}'],
  ] as const) {
    const headers = { ...JSON_TYPE, 'content-encoding': encoding };
    const answer = await app.inject({ method: 'POST', url: '/consultations', headers, payload });
    assert.equal(answer.statusCode, 201, encoding);
  }
});

/** What curl writes to its standard output; nothing where there is no curl. */
async function curl(args: readonly string[], input?: Buffer): Promise<string | undefined> {
  const child = spawn('curl', ['-sS', '--max-time', '20', ...args]);
  const started = await new Promise((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  if (!started) return undefined;
  child.stdin.end(input);
  return text(child.stdout);
}

async function served(t: TestContext, { app }: TestApp): Promise<string> {
  const server = await startServer(app, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return server.url;
}

test('answers curl compressed, and reads what curl sends compressed', async (t) => {
  if ((await curl(['--version'])) === undefined) return t.skip('there is no curl on this machine');
  const app = await testApp(t);
  const url = await served(t, app);
  const id = await largeConsultation(app);
  const plain = await curl([`${url}/consultations/${id}`]);
  const marked = '\n%{size_download} %header{content-encoding}';
  const packed = await curl(['--compressed', '-w', marked, `${url}/consultations/${id}`]);
  const at = String(packed).lastIndexOf('\n');
  assert.equal(packed?.slice(0, at), plain);
  assert.ok(Number(packed?.slice(at + 1).split(' ')[0]) * 2 < String(plain).length);
  const headers = ['-H', 'content-type: application/json', '-H', 'content-encoding: gzip'];
  const answer = await curl(
    [...headers, '--data-binary', '@-', `${url}/consultations/${id}/events`],
    zlib.gzipSync(JSON.stringify(message('gepackt'))),
  );
  assert.equal(JSON.parse(String(answer)).version, 10);
});
