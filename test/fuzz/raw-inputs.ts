/** Bytes on a connection that are no proper HTTP, or are on the edge of it, and how they are sent. */
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import { UNANSWERED_USER } from './accepted-events.js';

export interface RawInput {
  /** What is sent, piece by piece, with a pause between two. */
  pieces: readonly Buffer[];
  pauseMs: number;
  /** What the client does after the last piece. */
  ending: 'wait' | 'half-close' | 'destroy' | 'reset';
}

/** Somebody whose requests are hidden in those of others; nothing of theirs may ever be stored. */
export const SMUGGLER = 'smuggler';

const appendBody = (userId: string): string =>
  JSON.stringify({
    event_type: 'MESSAGE_RECEIVED',
    user_id: userId,
    payload: { message_content: 'raw', message_role: 'user' },
  });

/** A whole and right request. */
function goodRequest(id: string, userId: string, more = ''): string {
  const body = appendBody(userId);
  return (
    `POST /consultations/${id}/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
    `${more}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

const post = (id: string, headers: string, body: string): string =>
  `POST /consultations/${id}/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;
const get = (target: string, headers = 'Host: localhost'): string =>
  `GET ${target} HTTP/1.1\r\n${headers}\r\n\r\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Texts that two readers of HTTP might cut into requests in different ways, and other things that are not right. */
function crafted(id: string): string[] {
  const hidden = goodRequest(id, SMUGGLER);
  const good = appendBody(UNANSWERED_USER);
  return [
    post(id, 'Content-Length: 5\r\nContent-Length: 600', `12345${hidden}`),
    post(id, `Content-Length: 5\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${hidden}`),
    post(id, `Transfer-Encoding: chunked\r\nContent-Length: 4`, `5c\r\n${hidden}0\r\n\r\n`),
    post(id, 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${hidden}`),
    post(id, 'Transfer-Encoding: xchunked', hidden),
    post(id, 'Transfer-Encoding : chunked', `0\r\n\r\n${hidden}`),
    post(id, 'Transfer-Encoding:\x0bchunked', `0\r\n\r\n${hidden}`),
    post(id, 'Transfer-Encoding: chunked, gzip', `0\r\n\r\n${hidden}`),
    post(id, 'Content-Length: +5', `12345${hidden}`),
    post(id, 'Content-Length: -1', hidden),
    post(id, 'Content-Length: 0x5', `12345${hidden}`),
    post(id, 'Content-Length: 5, 5', `12345${hidden}`),
    post(id, 'Content-Length: 99999999999999999999', hidden),
    post(id, 'Content-Length: 5\n\nX: y', `12345`),
    post(id, 'X: a\rContent-Length: 5', `12345`),
    post(id, ' Content-Length: 5', `12345`),
    post(id, 'X: y\r\n folded: z', ''),
    post(id, 'X\0: y', ''),
    post(id, 'X: \0y', ''),
    post(id, ': y', ''),
    post(id, 'Transfer-Encoding: chunked', `${chunk(good)}0\r\n\r\n`),
    post(
      id,
      'Transfer-Encoding: chunked',
      `${chunk(good.slice(0, 9))}${chunk(good.slice(9))}0\r\nTrailer: x\r\n\r\n`,
    ),
    post(id, 'Transfer-Encoding: chunked', `ffffffffffffffff\r\n${good}`),
    post(id, 'Transfer-Encoding: chunked', `-1\r\n${good}\r\n0\r\n\r\n`),
    post(id, 'Transfer-Encoding: chunked', `5;${'x'.repeat(20_000)}\r\n12345\r\n0\r\n\r\n`),
    post(id, 'Transfer-Encoding: chunked', `5\n12345\n0\n\n${hidden}`),
    post(id, 'Transfer-Encoding: chunked', `zz\r\n${hidden}`),
    `${goodRequest(id, UNANSWERED_USER)}${goodRequest(id, UNANSWERED_USER)}${get('/health/live')}`,
    `${goodRequest(id, UNANSWERED_USER)}NONSENSE\r\n\r\n`,
    get('/health/live').repeat(50),
    get('/health/live').replaceAll('\r\n', '\n'),
    get('/health/live').replaceAll('\r\n', '\r'),
    `\r\n\r\n\r\n${get('/health/live')}`,
    'GET /health/live\r\n',
    'GET /health/live HTTP/0.9\r\n\r\n',
    'GET /health/live HTTP/1.0\r\n\r\n',
    'GET /health/live HTTP/2.0\r\n\r\n',
    'GET /health/live HTTP/1.1',
    'GET  /health/live  HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'get /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
    'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\nSSH-2.0-x\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: localhost\r\nMax-Forwards: 0\r\n\r\n',
    get('http://attacker.example/metrics'),
    get('http://localhost/health/live'),
    get('//attacker.example/'),
    get('/\xff\xfe\x80'),
    get('/a b'),
    get('/a\tb'),
    get('/\0'),
    get(`/${'x'.repeat(30_000)}`),
    get('/health/live', 'Host: localhost\r\nHost: attacker.example'),
    get('/health/live', 'Host: localhost, attacker.example'),
    get('/health/live', 'X: y'),
    get('/health/live', `Host: localhost\r\n${'A: b\r\n'.repeat(500)}C: d`),
    get('/health/live', `Host: localhost\r\nA: ${'b'.repeat(40_000)}`),
    get('/health/live', `Host: localhost\r\n${'n'.repeat(20_000)}: b`),
    get('/events', 'Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x'),
    post(id, 'Expect: 100-continue\r\nContent-Length: 5', ''),
    post(id, 'Expect: 42\r\nContent-Length: 5', '12345'),
  ];
}

/** The next input on a connection of its own. `ids` are of consultations that there are. */
export function rawInput(random: Random, ids: readonly string[]): RawInput {
  const id = pickOne(random, ids);
  const roll = random();
  let bytes: Buffer = Buffer.from(
    roll < 0.5 ? pickOne(random, crafted(id)) : goodRequest(id, UNANSWERED_USER),
    'latin1',
  );
  if (roll >= 0.5 && roll < 0.95) bytes = damaged(random, bytes);
  if (random() < 0.15) bytes = bytes.subarray(0, integerBetween(random, 0, bytes.length));
  return {
    pieces: inPieces(random, bytes),
    pauseMs: random() < 0.1 ? integerBetween(random, 1, 20) : 0,
    ending: pickOne(random, ['wait', 'wait', 'half-close', 'destroy', 'reset']),
  };
}

/** Some bytes changed, dropped, added or doubled. Its user can be another one after that, but never the smuggler. */
function damaged(random: Random, bytes: Buffer): Buffer {
  let changed: Buffer = bytes;
  // The head only: what is changed in the body may well be stored, as somebody else's.
  const head = bytes.indexOf('\r\n\r\n') + 4;
  for (let count = integerBetween(random, 1, 4); count > 0; count -= 1) {
    const place = integerBetween(random, 0, head - 1);
    const before = changed.subarray(0, place);
    const after = changed.subarray(place);
    changed = pickOne(random, [
      () => Buffer.concat([before, Buffer.from([integerBetween(random, 0, 255)]), after.subarray(1)]),
      () => Buffer.concat([before, after.subarray(integerBetween(random, 1, 20))]),
      () =>
        Buffer.concat([
          before,
          Buffer.from(pickOne(random, ['\0', '\r', '\n', ' ', ':', '\r\n\r\n'])),
          after,
        ]),
      () => Buffer.concat([before, after.subarray(0, 30), after]),
    ])();
  }
  return changed;
}

function inPieces(random: Random, bytes: Buffer): Buffer[] {
  if (random() < 0.6) return [bytes];
  const size = Math.max(1, Math.ceil(bytes.length / integerBetween(random, 2, 6)));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
