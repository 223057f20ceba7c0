/** Requests that are HTTP, made from the documented routes: right, nearly right, and wrong on purpose. */
import fc from 'fast-check';
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import type { Parameter, Route, Schema } from './api-document.js';
import { jsonText } from './json-mutations.js';
import { type KnownIds, SECRET, schemaValues } from './schema-values.js';

export interface HttpInput {
  /** The documented route that it was made from; its path or method may be another one by now. */
  route: Route;
  method: string;
  /** Path and query, as sent. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** Segments of a path in the place of an id. */
const ODD_SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f%2e%2e%2fpackage.json',
  '..%5c..%5cwindows',
  '..%c0%af..%c0%afetc',
  '%00',
  'x%00.json',
  '%zz',
  '%',
  '%u0041',
  '%e0%a4%a',
  '%ff%fe',
  '%F0%9F%98%80',
  '\u00e9\u00ff',
  ';jsessionid=1',
  '*',
  ':id',
  '{id}',
  '__proto__',
  'constructor',
  'null',
  '0',
  '-1',
  '99999999999999999999',
  'a'.repeat(99),
  'a'.repeat(101),
  'a'.repeat(1500),
  'a'.repeat(3000),
  'a//b',
  'C0FFEE00-0000-7000-8000-000000000000',
];

/** Paths that are none of the documented ones, or the documentation's own. */
const ODD_PATHS = [
  '/',
  '//',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/../../../../etc/passwd',
  '/docs',
  '/docs/',
  '/docs/json',
  '/docs/yaml',
  '/docs/static/index.html',
  '/docs/static/..%2f..%2f..%2f..%2fpackage.json',
  '/docs/static/%2e%2e/%2e%2e/%2e%2e/package.json',
  '/docs/static/....//....//package.json',
  '/docs/static/%00',
  '/docs/static//etc/passwd',
  '/.env',
  '/.git/config',
  '/index/data.mdb',
  '/segments/manifest.json',
  '/consultations/',
  '/consultations//events',
  '/Consultations',
  '/consultations?',
  '/consultations#x',
  '/metrics/../consultations',
  '/constructor',
  '/__proto__',
];

const ODD_QUERIES = [
  '?',
  '?limit',
  '?limit=',
  '?limit=0',
  '?limit=1e3',
  '?limit=1&limit=2',
  '?limit[]=1',
  '?limit=%00',
  '?offset=9007199254740993',
  '?offset=-1',
  '?__proto__=1',
  '?__proto__[x]=1',
  '?constructor.prototype.x=1',
  '?a=%zz',
  '?%ff=%fe',
  '?a=1;b=2',
  `?x=${'y'.repeat(1900)}`,
  `?${'a&'.repeat(800)}`,
  '??',
  '?event_type=MESSAGE_RECEIVED&event_type=MESSAGE_RECEIVED',
];

/** Values of headers that some route or the framework looks at. */
const ODD_HEADERS: Readonly<Record<string, readonly string[]>> = {
  'if-match': ['"1"', 'W/"1"', '*', '"1","2"', '"01"', '"-1"', '1', '', '"99999999999"', '"x"', '"1"x'],
  'if-none-match': ['*', '"1"', 'W/"1", "2"', ''],
  'idempotency-key': [
    '',
    '"x"',
    'x'.repeat(300),
    '\u00e9',
    '019a1f0c-7c51-7a3e-9d42-6f0b8a5c1e27',
    '"a","b"',
  ],
  'last-event-id': ['1', '-1', 'x', '99999999999999999999', ''],
  prefer: ['return=minimal', 'return=minimal, wait=1', 'return', '='],
  accept: [
    'application/json',
    '*/*',
    'text/event-stream',
    'application/x-ndjson',
    'application/cloudevents+json',
    'image/png',
    ';q=2',
    'a/b;q=0,'.repeat(200),
    '',
  ],
  'accept-encoding': ['gzip', 'br;q=1', '*;q=0'],
  authorization: ['Bearer x', 'Basic eDp5', 'Bearer ', `Bearer ${'x'.repeat(4000)}`],
  origin: ['null', 'https://attacker.example', 'http://localhost:1'],
  'x-http-method-override': ['DELETE'],
  'x-forwarded-for': ['127.0.0.1', '::1, 10.0.0.1'],
  'x-forwarded-host': ['attacker.example'],
  'x-original-url': ['/metrics'],
  cookie: ['a=b', '__proto__=1'],
  range: ['bytes=0-1', 'bytes=-'],
  expect: ['100-continue', '200-ok'],
  te: ['trailers'],
  upgrade: ['websocket', 'h2c'],
  traceparent: ['00-00000000000000000000000000000000-0000000000000000-00', 'x'],
  host: ['attacker.example', 'localhost', '', '127.0.0.1:1', '[::1]', 'localhost:x'],
  __proto__: ['x'],
};

const CONTENT_TYPES = [
  'application/json; charset=utf-8',
  'application/json;charset=latin1',
  'application/json; charset=utf-16',
  'APPLICATION/JSON',
  'application/merge-patch+json',
  'application/jsonx',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/x-ndjson',
  'application/json, text/plain',
  'a',
  '/',
  ';',
  '',
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];

export interface InputMaker {
  /** The next input; the same seed and known ids give the same. */
  next(random: Random): HttpInput;
}

export function inputMaker(routes: readonly Route[], knownIds: KnownIds): InputMaker {
  const valuesOf = schemaValues(knownIds);
  const draw = (random: Random, schema: Schema): unknown =>
    fc.sample(valuesOf(schema), { numRuns: 1, seed: integerBetween(random, 0, 2 ** 31 - 1) })[0];
  // The schema of a streamed body is that of a text: each of its lines is the body of an append.
  const lines = [
    ...(routes.find(({ path, method }) => method === 'POST' && path.endsWith('/events'))?.bodies.values() ??
      []),
  ][0];

  function targetOf(random: Random, route: Route): string {
    if (random() < 0.05)
      return pickOne(random, ODD_PATHS) + (random() < 0.1 ? pickOne(random, ODD_QUERIES) : '');
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segmentOf(random, route, name));
    return path + (random() < 0.1 ? pickOne(random, ODD_QUERIES) : queryOf(random, route.parameters));
  }

  function segmentOf(random: Random, route: Route, name: string): string {
    const ids = knownIds();
    if (random() < 0.12) return pickOne(random, ODD_SEGMENTS);
    if (name === 'id' && ids.length > 0) return pickOne(random, ids);
    // Versions and other numbers, whatever their schema says of them in a path.
    if (name !== 'id' && random() < 0.5) return String(integerBetween(random, 0, 3));
    const schema = route.parameters.find((parameter) => parameter.name === name)?.schema ?? {};
    return encodeURIComponent(String(draw(random, schema)).toWellFormed());
  }

  function queryOf(random: Random, parameters: readonly Parameter[]): string {
    const pairs = parameters
      .filter((parameter) => parameter.in === 'query' && (parameter.required === true || random() < 0.25))
      .map(({ name, schema }) => {
        const value =
          random() < 0.15
            ? pickOne(random, ['', '-1', 'x', '1.5', '%00', '1e9', 'true'])
            : draw(random, schema);
        return `${name}=${encodeURIComponent(String(value).toWellFormed())}`;
      });
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  }

  function headersOf(random: Random, route: Route): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const { name, in: where, schema } of route.parameters) {
      if (where === 'header' && random() < 0.1) headers[name] = headerText(String(draw(random, schema)));
    }
    while (random() < 0.15) {
      const name = pickOne(random, Object.keys(ODD_HEADERS));
      headers[name] = pickOne(random, ODD_HEADERS[name] ?? ['']);
    }
    return headers;
  }

  function bodyOf(random: Random, route: Route): { type: string; content: Buffer } {
    const [type, own] = [...route.bodies][0] ?? ['application/x-ndjson', {}];
    const schema = type === 'application/x-ndjson' ? (lines ?? {}) : own;
    if (schema === own)
      return { type, content: bytesOf(random, jsonText(random, ofOneUser(draw(random, schema)))) };
    const texts = Array.from({ length: integerBetween(random, 0, 5) }, () =>
      jsonText(random, draw(random, schema)),
    );
    const separator = random() < 0.9 ? '\n' : pickOne(random, ['\r\n', '\n\n', '', '\u2028']);
    return { type, content: bytesOf(random, texts.join(separator) + (random() < 0.7 ? '\n' : '')) };
  }

  return {
    next(random) {
      const route = pickOne(random, routes);
      const method = random() < 0.04 ? pickOne(random, METHODS) : route.method;
      const headers = headersOf(random, route);
      const hasBody = route.method === 'POST' ? random() < 0.98 : random() < 0.03;
      let body: Buffer | undefined;
      if (hasBody) {
        const { type, content } = bodyOf(random, route);
        body = content;
        if (random() < 0.97)
          headers['content-type'] = random() < 0.04 ? pickOne(random, CONTENT_TYPES) : type;
        if (random() < 0.02) headers['content-encoding'] = pickOne(random, ['gzip', 'br', 'identity', 'x']);
      }
      return { route, method, target: targetOf(random, route), headers, body };
    },
  };
}

/** Several events have one user, or are refused; made at random they never have. */
function ofOneUser(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const user = (value[0] as { user_id?: unknown } | undefined)?.user_id;
  return value.map((item) => (isObject(item) && 'user_id' in item ? { ...item, user_id: user } : item));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a header may hold of a text. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();
}

/** The bytes of a text, which are now and then no longer UTF-8. */
function bytesOf(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text.includes(SECRET) && random() < 0.01 ? `${text}\u0000` : text);
  if (random() < 0.98 || bytes.length === 0) return bytes;
  const place = integerBetween(random, 0, bytes.length - 1);
  return Buffer.concat([
    bytes.subarray(0, place),
    Buffer.from([integerBetween(random, 0x80, 0xff)]),
    bytes.subarray(place),
  ]);
}
