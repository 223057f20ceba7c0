/** The reader of frames against Node's own parser, which gets the same bytes in the service. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { integerBetween, pickOne, type Random, seededRandom } from '../../../src/domain/seeded-random.js';
import { FrameReader } from '../../../src/http/admission/request-frame.js';
import { testSeed } from '../../domain/test-seed.js';

const ID = '01a1f9c5-f834-73b3-b4f2-51924fdb4496';
const APPEND = `POST /consultations/${ID}/events HTTP/1.1`;

const text = (lines: readonly string[], body = ''): string =>
  `${lines.join('\r\n')}\r\nHost: x\r\n\r\n${body}`;
const shapeOf = (request: string): string => new FrameReader().read(Buffer.from(request, 'latin1'), 0);

/** A connection to a server that is made of nothing but Node's parser. */
class ParserOnly extends Duplex {
  private readonly requests: IncomingMessage[] = [];
  isRefused = false;

  constructor(t: TestContext) {
    super({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    const server = createServer((request) => this.requests.push(request.resume()));
    server.on('clientError', () => {
      this.isRefused = true;
    });
    server.emit('connection', this);
    t.after(() => this.destroy());
  }

  feed(bytes: Buffer): void {
    if (bytes.length > 0) this.push(bytes);
  }

  /** How many requests began, and how many of them were complete. */
  counts(): [number, number] {
    return [this.requests.length, this.requests.filter(({ complete }) => complete).length];
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('ends a request at the very byte at which Node does', async (t) => {
  const random = seededRandom(testSeed(t));
  for (let round = 0; round < 300; round += 1) {
    const request = randomRequest(random);
    const bytes = Buffer.from(`${request}GET / HTTP/1.1\r\n`, 'latin1');
    const frame = new FrameReader();
    if (frame.read(bytes, 0) !== 'whole') continue;
    const parser = new ParserOnly(t);
    parser.feed(bytes.subarray(0, frame.end - 1));
    await turn();
    assert.equal(parser.counts()[1], 0, JSON.stringify(request));
    parser.feed(bytes.subarray(frame.end - 1, frame.end));
    await turn();
    assert.deepEqual([parser.counts(), parser.isRefused], [[1, 1], false], JSON.stringify(request));
  }
});

/** Requests with all that is usual, and now and then something that is not. */
function randomRequest(random: Random): string {
  const body = 'x'.repeat(integerBetween(random, 0, 30));
  const strange = () => random() < 0.03;
  const fields = [
    pickOne(random, ['Content-Type: application/json', 'content-type:application/json', 'A:', 'a: \t b \t']),
    pickOne(random, [
      'Connection: keep-alive',
      'connection: Keep-Alive',
      'x-forwarded-for: ::1',
      'X_y: \u00e9',
    ]),
    `${pickOne(random, ['Content-Length', 'content-length', 'CONTENT-LENGTH'])}:${pickOne(random, [' ', '', '  '])}${body.length}`,
  ];
  if (strange()) fields.push('Transfer-Encoding: chunked');
  if (strange()) fields.push(`Content-Length: ${body.length}`);
  if (strange()) fields.push('Connection: close');
  if (strange()) fields.push(' folded');
  if (strange()) fields.push('Content-Length : 3');
  if (strange()) fields.push('bad\u0000name: 1');
  if (strange()) fields.push('b: 1\nContent-Length: 2');
  if (strange()) fields.push('b: 1\rContent-Length: 2');
  const line = pickOne(random, [APPEND, 'POST /x HTTP/1.1', strange() ? 'POST /x HTTP/1.0' : APPEND]);
  return text([line, ...fields], body);
}

test('understands plain requests, and knows an append from all others', () => {
  const frame = new FrameReader();
  const requests = [
    text([APPEND, 'content-length: 3'], 'abc'),
    text(['GET /health/live HTTP/1.1', 'Connection: keep-alive']),
    text(['POST /consultations HTTP/1.1', 'Content-Length:2'], '{}'),
    text([`POST /consultations/${ID}/events/batch HTTP/1.1`, 'Content-Length: 2'], '[]'),
    text([APPEND.replace('events', 'events?a=1'), 'Content-Length: 0']),
    text([APPEND, 'Content-Length: 1', 'CONTENT-Encoding:gzip'], 'x'),
  ];
  const bytes = Buffer.from(requests.join(''));
  let at = 0;
  const kinds: boolean[] = [];
  for (const request of requests) {
    assert.equal(frame.read(bytes, at), 'whole');
    at += request.length;
    assert.equal(frame.end, at);
    kinds.push(frame.isAppend);
  }
  assert.deepEqual(kinds, [true, false, false, true, false, false]);
});

test('says what is missing of a request that is not all there', () => {
  const request = Buffer.from(text([APPEND, 'Content-Length: 5'], 'abcde'));
  const frame = new FrameReader();
  const headBytes = request.length - 5;
  for (let length = 0; length < request.length; length += 1) {
    const expected = length < headBytes ? 'head' : 'body';
    assert.equal(frame.read(request.subarray(0, length), 0), expected, `${length}`);
    if (expected === 'body') assert.equal(frame.end, request.length);
  }
  assert.equal(frame.read(Buffer.alloc(20_000, 'a'), 0), 'strange', 'no head is as long');
});

test('leaves a request without a host to Node', () => {
  assert.equal(shapeOf('GET / HTTP/1.1\r\na: 1\r\n\r\n'), 'strange');
});

for (const [what, lines] of Object.entries({
  'a body in chunks': [APPEND, 'Transfer-Encoding: chunked'],
  'two lengths': [APPEND, 'Content-Length: 1', 'Content-Length: 1'],
  'a length with a sign': [APPEND, 'Content-Length: +1'],
  'a list of lengths': [APPEND, 'Content-Length: 1, 1'],
  'an empty length': [APPEND, 'Content-Length: '],
  'a length in hexadecimal': [APPEND, 'Content-Length: 0x1'],
  'a space before the colon': [APPEND, 'Content-Length : 1'],
  'a folded field': [APPEND, 'A: 1', ' Content-Length: 1'],
  'a field without a colon': [APPEND, 'Content-Length'],
  'a line that ends in a bare line feed': [APPEND, 'A: 1\nContent-Length: 1'],
  'a bare carriage return': [APPEND, 'A: 1\rContent-Length: 1'],
  'a null character': [APPEND, 'A: \u0000'],
  'the end of the connection': [APPEND, 'Connection: close'],
  'a change of the protocol': [APPEND, 'Connection: upgrade', 'Upgrade: h2c'],
  'an expectation': [APPEND, 'Expect: 100-continue'],
  'HTTP/1.0': ['POST /x HTTP/1.0'],
  'a line break before the request': ['', APPEND],
  'another method': ['CONNECT /x HTTP/1.1'],
})) {
  test(`leaves a request to Node that has ${what}`, () => {
    assert.equal(shapeOf(text(lines, 'a')), 'strange');
  });
}
