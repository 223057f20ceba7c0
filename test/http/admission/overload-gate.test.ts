/** The gates before real connections, with Node's HTTP server behind them and requests that come in any pieces. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { integerBetween, type Random, seededRandom } from '../../../src/domain/seeded-random.js';
import { Admission } from '../../../src/http/admission/admission.js';
import { guardAgainstOverload } from '../../../src/http/admission/overload-gate.js';
import type { Load } from '../../../src/ops/load.js';
import { testSeed } from '../../domain/test-seed.js';

const ID = '01a1f9c5-f834-73b3-b4f2-51924fdb4496';
const EVENTS_MAX = 1000;

interface Guarded {
  server: Server;
  load: Load;
  /** Routine requests are refused from now on, or not. */
  overload(is: boolean): void;
  /** The numbers of the requests that reached the server, in order. */
  served: string[];
  dial(): Promise<Client>;
}

/** A server that answers each request with 201 and the number that its query or body has, `held` the first. */
async function guarded(t: TestContext, held: Promise<unknown> = Promise.resolve()): Promise<Guarded> {
  const load: Load = { events: 0, bytes: 0, ageMs: 0, unindexed: 0, unindexedMax: 1000 };
  const limits = { eventsMax: EVENTS_MAX, bytesMax: 1e9, waitMs: 1e6 };
  const admission = new Admission({ ...limits, load: () => load });
  const served: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => {
      body += part;
    });
    request.on('end', async () => {
      const number = /"n":(\d+)/.exec(body)?.[1] ?? /n=(\d+)/.exec(request.url ?? '')?.[1] ?? '?';
      served.push(number);
      // Answers get ready in another order than that of their requests.
      for (let turns = Number(number) % 3; turns > 0; turns -= 1) await turn();
      if (number === '1') await held;
      response.writeHead(201).end(`n=${number};`);
    });
  });
  guardAgainstOverload(server, admission, pino({ level: 'silent' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    load,
    served,
    overload(is) {
      load.events = is ? EVENTS_MAX * 0.8 : 0;
      if (is) admission.refuses('routine', 1, performance.now(), 0);
    },
    dial: async () => {
      const client = new Client(connect({ port, host: '127.0.0.1', noDelay: true }));
      t.after(() => client.socket.destroy());
      await once(client.socket, 'connect');
      return client;
    },
  };
}

/** Reads answers as `201 <number>` and `503`. */
class Client {
  readonly answers: string[] = [];
  private text = '';
  private wake = (): void => {};

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (part: string) => {
      this.text += part;
      this.read();
      this.wake();
    });
  }

  async answered(count: number): Promise<string[]> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.answers;
  }

  private read(): void {
    for (;;) {
      const headEnd = this.text.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = this.text.slice(0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      const chunked = /transfer-encoding: chunked/i.test(head);
      const end = chunked ? this.text.indexOf('\r\n0\r\n\r\n', headEnd) + 7 : headEnd + 4 + length;
      if (end < headEnd + 4 || this.text.length < end) return;
      const body = this.text.slice(headEnd + 4, end);
      const status = head.slice(9, 12);
      if (status === '503') {
        assert.match(head, /retry-after: \d/i);
        assert.equal(JSON.parse(body).code, 'OVERLOADED');
        this.answers.push('503');
      } else this.answers.push(`${status} ${/n=(.+?);/.exec(body)?.[1]}`);
      this.text = this.text.slice(end);
    }
  }
}

interface Sent {
  text: string;
  /** Whether it may be refused, and whether it must not be. */
  kind: 'routine' | 'critical' | 'other';
}

function request(n: number, kind: Sent['kind'], random: Random): Sent {
  if (kind === 'other') return { kind, text: `GET /health?n=${n} HTTP/1.1\r\nhost: x\r\n\r\n` };
  const type = kind === 'critical' ? 'CRITICAL_PATTERN_DETECTED' : 'MESSAGE_RECEIVED';
  // Texts that look like requests must not be taken for any.
  const bait = `POST /consultations/${ID}/events HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n{"n":0}`;
  const text = bait.repeat(integerBetween(random, 0, 2)) + 'é'.repeat(integerBetween(random, 0, 200));
  const body = JSON.stringify({ event_type: type, n, payload: { text } });
  const head = `POST /consultations/${ID}/events HTTP/1.1\r\nhost: x\r\nContent-Length: ${Buffer.byteLength(body)}`;
  return { kind, text: `${head}\r\n\r\n${body}` };
}

test('answers every request in order, whatever pieces they come in, while it is shut, opened and shut again', async (t) => {
  const random = seededRandom(testSeed(t));
  const { overload, dial, served } = await guarded(t);
  let refused = 0;
  for (let round = 0; round < 12; round += 1) {
    overload(round % 3 === 2);
    const client = await dial();
    const sent = Array.from({ length: 150 }, (_, index) => {
      const draw = random();
      return request(index + 1, draw < 0.1 ? 'other' : draw < 0.3 ? 'critical' : 'routine', random);
    });
    const bytes = Buffer.from(sent.map(({ text }) => text).join(''));
    served.length = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = at + integerBetween(random, 1, random() < 0.5 ? 60 : 6000);
      client.socket.write(bytes.subarray(at, end));
      at = end;
      if (random() < 0.3) await turn();
      if (random() < 0.05) overload(random() < 0.7);
    }
    const answers = await client.answered(sent.length);
    const accepted = answers.flatMap((answer, index) => (answer === '503' ? [] : [index + 1]));
    assert.deepEqual(
      answers.map((answer, index) => (answer === '503' ? '503' : `201 ${index + 1}`)),
      answers,
    );
    for (const [index, { kind }] of sent.entries()) {
      if (kind !== 'routine') assert.notEqual(answers[index], '503', `${index + 1} is ${kind}`);
    }
    assert.deepEqual(
      served.map(Number).toSorted((a, b) => a - b),
      accepted,
      'what was refused did not reach the server',
    );
    refused += sent.length - accepted.length;
    client.socket.destroy();
  }
  assert.ok(refused > 100, `${refused} were refused`);
});

test('refuses long runs of requests together, but for those that are cut in two where it reads', async (t) => {
  const { overload, dial } = await guarded(t);
  overload(true);
  const client = await dial();
  const body = '{"event_type":"x"}';
  const one = `POST /consultations/${ID}/events HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  client.socket.write(one.repeat(5000));
  const refused = (await client.answered(5000)).filter((answer) => answer === '503');
  assert.ok(refused.length > 4900, `${refused.length} were refused`);
  assert.equal(client.answers.length, 5000);
});

test('lets through what follows a request of another form, until the connection ends', async (t) => {
  const { overload, dial } = await guarded(t);
  overload(true);
  const random = seededRandom(1);
  const client = await dial();
  const chunked = `POST /x?n=1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`;
  client.socket.write(chunked + request(2, 'routine', random).text);
  assert.deepEqual(await client.answered(2), ['201 1', '201 2']);
});

test('does not take the body of a request for requests, on a connection it comes to late', async (t) => {
  const { server, overload, dial, served } = await guarded(t);
  const client = await dial();
  const bait = request(666, 'routine', () => 0).text;
  const body = `{"n":1,"a":"${'.'.repeat(50)}${bait.repeat(3)}"}`;
  const head = `POST /consultations/${ID}/events HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`;
  client.socket.write(head + body.slice(0, 20));
  await once(server, 'request');
  overload(true);
  client.socket.write(body.slice(20));
  assert.deepEqual(await client.answered(1), ['201 1']);
  // At the end of this one, and not before, it is certain where a request begins.
  client.socket.write(request(2, 'routine', () => 0).text);
  assert.deepEqual(await client.answered(2), ['201 1', '201 2']);
  client.socket.write(request(3, 'routine', () => 0).text);
  client.socket.write(request(4, 'critical', () => 0).text);
  assert.deepEqual((await client.answered(4)).slice(2), ['503', '201 4']);
  assert.deepEqual(served, ['1', '2', '4']);
});

test('begins with the second request to end on a connection it comes to late, though many come in one piece', async (t) => {
  const { server, overload, dial, served } = await guarded(t);
  const client = await dial();
  const texts = Array.from({ length: 60 }, (_, index) => request(index + 1, 'routine', () => 0.4).text);
  const bytes = texts.join('');
  client.socket.write(bytes.slice(0, 300));
  await once(server, 'request');
  overload(true);
  client.socket.write(bytes.slice(300));
  await client.answered(60);
  assert.deepEqual(
    served.map(Number).toSorted((a, b) => a - b),
    [1, 2],
  );
});

test('reads on where Node had paused the connection that it comes to', async (t) => {
  for (const when of ['paused', 'about to be read again'] as const) {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { server, overload, dial } = await guarded(t, held);
    const dialled = once(server, 'connection');
    const client = await dial();
    const [connection] = (await dialled) as [Socket];
    const paused = once(connection, 'pause');
    const count = 20_000;
    const random = seededRandom(1);
    client.socket.write(
      Array.from({ length: count }, (_, at) => request(at + 1, 'other', random).text).join(''),
    );
    // Too many answers wait for that to the first request.
    await paused;
    if (when === 'paused') overload(true);
    else {
      const { resume } = connection;
      connection.resume = function (this: Socket) {
        connection.resume = resume;
        resume.call(this);
        overload(true);
        return this;
      };
    }
    release();
    assert.equal((await client.answered(count)).length, count, when);
    assert.equal(client.answers.at(-1), `201 ${count}`);
  }
});
