/** Streamed uploads: lines in, lines out, in order, up to the first that is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { CodedError } from '../../src/domain/errors.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { appendLines } from '../../src/http/append-lines.js';
import type { EventLine } from '../../src/http/event-lines.js';
import { startServer } from '../../src/http/server.js';
import { testSeed } from '../domain/test-seed.js';
import { message, type TestApp, testApp } from '../support/http-app.js';
import { type MemoryEventStoreOptions, memoryEventStore } from '../support/memory-event-store.js';

interface Answer {
  line: number;
  version: number;
  sequence: number;
  event_id: string;
  hash: string;
  code?: string;
  status?: number;
  replayed?: boolean;
}

const NDJSON = { 'content-type': 'application/x-ndjson' };

interface Served extends TestApp {
  url: string;
}

/** Over a real socket: a stream is as much about connections as about what goes over them. */
async function served(t: TestContext, options: MemoryEventStoreOptions = {}): Promise<Served> {
  const built = await testApp(t, options);
  const server = await startServer(built.app, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return { ...built, url: server.url };
}

async function upload(
  { url }: Served,
  id: string,
  lines: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<{ status: number; answers: Answer[]; headers: Headers }> {
  const body = `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`;
  const response = await fetch(`${url}/consultations/${id}/events/stream`, {
    method: 'POST',
    headers: { ...NDJSON, ...headers },
    body,
  });
  const text = (await response.text()).trimEnd();
  const answers = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Answer);
  return { status: response.status, answers, headers: response.headers };
}

async function eventsOf({ get }: TestApp, id: string): Promise<ConsultationEvent[]> {
  const answer = await get(`/consultations/${id}/events?limit=1000`);
  return answer.json<{ events: ConsultationEvent[] }>().events;
}

const contentOf = ({ payload }: ConsultationEvent): unknown => payload.message_content;

test('answers each line with what was stored of it', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const { status, answers, headers } = await upload(built, id, [message('one'), '', message('two'), ' ']);
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'application/x-ndjson');
  assert.deepEqual(
    answers.map(({ line, version }) => [line, version]),
    [
      [1, 2],
      [3, 3],
    ],
  );
  const stored = (await eventsOf(built, id)).slice(1);
  assert.deepEqual(stored.map(contentOf), ['one', 'two']);
  const answered = ({ event_id, sequence, version, timestamp, audit_hash, hash }: ConsultationEvent) => ({
    event_id,
    sequence,
    version,
    timestamp,
    audit_hash,
    hash,
  });
  assert.deepEqual(
    answers.map(({ line: _line, ...answer }) => answer),
    stored.map(answered),
  );
});

for (const [what, broken, code, status] of [
  ['that is not JSON', '{"event_type":', 'INVALID_JSON', 422],
  ['with a field twice', '{"user_id":"a","user_id":"b"}', 'DUPLICATE_KEY', 422],
  ['that does not fit its schema', message('x', { payload: {} }), 'VALIDATION_FAILED', 422],
  ['of no known type', message('x', { event_type: 'NOTHING' }), 'UNKNOWN_EVENT_TYPE', 422],
  [
    'that names an unknown message',
    message('x', { event_type: 'MESSAGE_DELETED', payload: { message_id: uuidV7Generator()(Date.now()) } }),
    'UNKNOWN_MESSAGE',
    422,
  ],
  ['that starts with a byte order mark', `\ufeff${JSON.stringify(message('x'))}`, 'INVALID_JSON', 422],
  ['of nothing but a byte order mark', '\ufeff', 'INVALID_JSON', 422],
  ['that is too long', JSON.stringify(message('x'.repeat(1024 * 1024))), 'BODY_TOO_LARGE', 413],
] as const) {
  test(`ends at a line ${what}, by its number, with all before it stored and nothing after it`, async (t) => {
    const built = await served(t);
    const id = await built.start();
    const lines = [message('one'), message('two'), broken, message('never')];
    const { answers, ...answer } = await upload(built, id, lines);
    assert.equal(answer.status, 200);
    const refusal = answers.pop();
    assert.deepEqual([refusal?.line, refusal?.code, refusal?.status], [3, code, status]);
    assert.deepEqual(
      answers.map(({ line }) => line),
      [1, 2],
    );
    assert.deepEqual((await eventsOf(built, id)).slice(1).map(contentOf), ['one', 'two']);
  });
}

test('names the line that is not UTF-8, after those of the same chunk that are', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const line = (text: string, encoding: 'utf8' | 'latin1') =>
    Buffer.from(`${JSON.stringify(message(text))}\n`, encoding);
  const response = await fetch(`${built.url}/consultations/${id}/events/stream`, {
    method: 'POST',
    headers: NDJSON,
    body: Buffer.concat([line('uno, después', 'utf8'), line('dos, después', 'latin1'), line('tres', 'utf8')]),
  });
  const answers = (await response.text()).trimEnd().split('\n');
  const last = JSON.parse(answers.at(-1) ?? '') as Answer;
  assert.deepEqual([answers.length, last.line, last.code], [2, 2, 'INVALID_JSON']);
  assert.deepEqual((await eventsOf(built, id)).slice(1).map(contentOf), ['uno, después']);
});

test('gives a refusal of the first line its own status', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const unknown = await upload(built, uuidV7Generator()(Date.now()), [message()]);
  assert.deepEqual([unknown.status, unknown.answers[0]?.code], [404, 'CONSULTATION_NOT_FOUND']);
  const broken = await upload(built, id, ['{']);
  assert.deepEqual([broken.status, broken.answers[0]?.line], [422, 1]);
  const late = await upload(built, id, [message()], { 'if-match': '"7"' });
  assert.deepEqual([late.status, late.answers[0]?.version], [412, 1]);
  assert.equal((await eventsOf(built, id)).length, 1);
});

test('asks for the expected version of the first line only', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const other = message('b', { user_id: 'dr.other' });
  const { answers } = await upload(built, id, [message('a'), other], { 'if-match': '"1"' });
  assert.deepEqual(
    answers.map(({ version }) => version),
    [2, 3],
  );
  assert.deepEqual(
    (await eventsOf(built, id)).map(({ metadata }) => metadata.user_id),
    ['dr.rivera', 'dr.rivera', 'dr.other'],
  );
});

test('takes lines that were stored before for what they are, and goes on after them', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const newId = uuidV7Generator();
  const lines = ['a', 'b', 'c'].map((text) => message(text, { event_id: newId(Date.now()) }));
  await upload(built, id, lines.slice(0, 2));
  const { answers } = await upload(built, id, lines);
  assert.deepEqual(
    answers.map(({ version, replayed }) => [version, replayed]),
    [
      [2, true],
      [3, true],
      [4, undefined],
    ],
  );
  assert.deepEqual((await eventsOf(built, id)).slice(1).map(contentOf), ['a', 'b', 'c']);
});

test('answers a group with one line when asked for little', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const { answers, headers } = await upload(built, id, [message('a'), message('b')], {
    prefer: 'return=minimal',
  });
  assert.equal(headers.get('preference-applied'), 'return=minimal');
  const last = (await eventsOf(built, id)).at(-1);
  assert.deepEqual(answers, [{ line: 2, sequence: last?.sequence, version: 3, hash: last?.hash }]);
});

test('refuses a body that is no NDJSON, and NDJSON elsewhere', async (t) => {
  const built = await served(t);
  const id = await built.start();
  const json = await upload(built, id, [message()], { 'content-type': 'application/json' });
  assert.equal(json.status, 415);
  const single = await built.post(`/consultations/${id}/events`, message(), NDJSON);
  assert.equal(single.statusCode, 415);
});

test('stores the same whatever the chunks of the upload', async (t) => {
  const seed = testSeed(t);
  const built = await served(t);
  const texts = fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      async (said, sizes) => {
        const id = await built.start();
        const bytes = Buffer.from(said.map((text) => JSON.stringify(message(text))).join('\n'));
        const response = await fetch(`${built.url}/consultations/${id}/events/stream`, {
          method: 'POST',
          headers: NDJSON,
          body: Readable.toWeb(Readable.from(chunksOf(bytes, sizes))),
          duplex: 'half',
        } as RequestInit);
        const text = await response.text();
        assert.equal(text.trimEnd().split('\n').length, said.length, text);
        assert.deepEqual((await eventsOf(built, id)).slice(1).map(contentOf), said);
      },
    ),
    { seed, numRuns: 50 },
  );
});

function* chunksOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let start = 0;
  for (let index = 0; start < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] as number;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

interface OpenUpload {
  request: ClientRequest;
  /** The next line of the answer. */
  next(): Promise<Answer | undefined>;
}

/** An upload over a real connection that is still being sent when its answer begins. */
async function openUpload(t: TestContext, { url, start }: Served, first: unknown): Promise<OpenUpload> {
  const id = await start();
  const request = httpRequest(`${url}/consultations/${id}/events/stream`, {
    method: 'POST',
    headers: NDJSON,
  });
  t.after(() => request.destroy());
  request.on('error', () => {});
  request.write(`${JSON.stringify(first)}\n`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    request,
    async next() {
      const line = await lines.next();
      return line.done ? undefined : (JSON.parse(line.value) as Answer);
    },
  };
}

test('answers a line as soon as it is durable, while the upload goes on', async (t) => {
  const { request, next } = await openUpload(t, await served(t), message('a'));
  assert.equal((await next())?.version, 2);
  request.write(`${JSON.stringify(message('b'))}\n`);
  assert.equal((await next())?.version, 3);
  request.end(JSON.stringify(message('c, without a line feed')));
  assert.equal((await next())?.version, 4);
  assert.equal(await next(), undefined);
});

test('says why the upload ended to a client that would go on sending', async (t) => {
  const { request, next } = await openUpload(t, await served(t), message('a'));
  await next();
  request.write('nonsense\n');
  assert.deepEqual([(await next())?.code, await next()], ['INVALID_JSON', undefined]);
  request.destroy();
});

test('keeps what was stored when the client goes away in the middle', async (t) => {
  const built = await served(t);
  const { request, next } = await openUpload(t, built, message('a'));
  await next();
  request.write(`${JSON.stringify(message('b'))}\n{"event_type":`);
  await next();
  request.destroy();
  assert.equal(built.store.links.length, 3);
});

test('reads no more than one group ahead of what the client took of the answers', async () => {
  const store = memoryEventStore();
  const { consultationId } = await store.create({ userId: 'dr.rivera', source: 'api' });
  let read = 0;
  async function* endless(): AsyncGenerator<readonly EventLine[]> {
    for (;;) {
      read += 1;
      yield [{ number: read, body: message(`line ${read}`) as unknown as EventLine['body'] }];
    }
  }
  const answers = appendLines(store, { consultationId, isMinimal: false }, endless());
  for (let taken = 1; taken <= 10; taken += 1) {
    await answers.next();
    assert.ok(read <= taken + 1, `${read} groups were read when ${taken} were taken`);
  }
});

test('ends with what the store refuses, after the answers to what it stored', async (t) => {
  let writes = 0;
  const built = await served(t, {
    beforeWrite() {
      writes += 1;
      if (writes > 2) throw new CodedError('STORAGE_FULL', 'The disk is full.');
    },
  });
  const { request, next } = await openUpload(t, built, message('a'));
  assert.equal((await next())?.version, 2);
  request.write(`${JSON.stringify(message('b'))}\n`);
  const refusal = await next();
  assert.deepEqual([refusal?.line, refusal?.code, refusal?.status], [2, 'STORAGE_FULL', 507]);
  request.destroy();
});
