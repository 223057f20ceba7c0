import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { eventJsonOfLink, LinkView } from '../../src/domain/stored-event.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { columnSizes } from '../../src/segments/column-sizes.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { CHUNK_ROWS, PAYLOAD_CHUNK_BYTES } from '../../src/segments/segment-layout.js';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { readFilteredWithPython, withoutFilter } from './python.js';
import { sampleLinks } from './sample-links.js';
import { linksOf, seal } from './seal-helper.js';

before(loadHdf5);

const CODECS = ['none', 'gzip:1', 'gzip:9', 'lzf', 'lz4', 'zstd:1', 'zstd:3', 'zstd:9', 'zstd:19'];
const SNIPPETS = [
  'dolor ',
  'ñandú ',
  '頭痛',
  '🤒👩🏽‍⚕️',
  '\u0000\u001f',
  '‮right to left',
  'e\u0301',
  '"\\',
  '\ud7ff\ue000',
];
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** An RFC 8785 text of exactly `bytes` (from 8 on, otherwise the empty object) whose content `fill` makes. */
function payloadOf(bytes: number, fill: (length: number) => string): string {
  return bytes < 8 ? '{}' : `{"a":"${fill(bytes - 8)}"}`;
}

function noise(random: Random, length: number): string {
  return Array.from({ length }, () => BASE64[Math.floor(random() * BASE64.length)]).join('');
}

/** Payloads of every kind that an event may have. */
function anyPayload(random: Random): string {
  const around = (bytes: number): number => bytes + integerBetween(random, -2, 2);
  const kind = random();
  if (kind < 0.1) return '{}';
  if (kind < 0.9) {
    const words = Array.from({ length: integerBetween(random, 0, 40) }, () => pickOne(random, SNIPPETS));
    return JSON.stringify({ message_content: words.join('') });
  }
  if (kind < 0.97) return payloadOf(integerBetween(random, 8, 3000), (length) => noise(random, length));
  if (kind < 0.99) return payloadOf(around(PAYLOAD_CHUNK_BYTES), (length) => 'x'.repeat(length));
  return payloadOf(around(1024 * 1024), (length) => noise(random, length));
}

for (const text of CODECS) {
  const codec = parseCodec(text);

  test(`${text} gives back any events, to us and to h5py`, async (t) => {
    const seed = testSeed(t);
    const random = seededRandom(seed);
    const directory = await temporaryDirectory(t);
    const events = integerBetween(random, 120, 400);
    const consultations = integerBetween(random, 1, 40);
    const links = sampleLinks({ events, consultations, seed, payload: () => anyPayload(random) });
    assert.equal(new Set(links.map((link) => new LinkView(link).type)).size, EVENT_TYPES.length);

    const { file } = await seal(directory, links, { codec: text, batchSize: integerBetween(random, 1, 99) });
    const path = join(directory, file);
    const readBack = await linksOf(path);
    assert.equal(readBack.length, links.length);
    links.forEach((link, index) => {
      assert.ok(readBack[index]?.equals(link), `event ${index}`);
    });

    await t.test('h5py', { skip: withoutFilter(codec) }, () => {
      const run = readFilteredWithPython(path, codec);
      assert.equal(run.status, 0, run.stderr);
      const expected = links.map((link, index) => JSON.parse(eventJsonOfLink({ sequence: index + 1, link })));
      assert.deepEqual(run.events, expected);
    });
  });

  test(`${text} gives back as many events as any border of chunks has`, async (t) => {
    const directory = await temporaryDirectory(t);
    for (const events of [1, 2, 7, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1]) {
      const payload = (index: number): string => (index % 3 === 0 ? '{}' : `{"a":${index}}`);
      const links = sampleLinks({ events, consultations: Math.ceil(events / 50), payload });
      const { file } = await seal(directory, links, { codec: text });
      assert.deepEqual(await linksOf(join(directory, file)), links);
    }
  });
}

test('a stronger level makes a smaller file', async (t) => {
  const directory = await temporaryDirectory(t);
  const links = sampleLinks({ events: 4000, consultations: 100 });
  for (const [weak, strong] of [
    ['gzip:1', 'gzip:9'],
    ['zstd:1', 'zstd:9'],
    ['zstd:9', 'zstd:19'],
  ] as const) {
    const weakly = await seal(directory, links, { codec: weak });
    const strongly = await seal(directory, links, { codec: strong });
    assert.ok(
      strongly.fileBytes < weakly.fileBytes,
      `${strong}: ${strongly.fileBytes} < ${weakly.fileBytes}`,
    );
  }
});

test('lzf stores plainly what it cannot make smaller, and filters the rest', async (t) => {
  const directory = await temporaryDirectory(t);
  const random = seededRandom(testSeed(t));
  const payload = (): string => payloadOf(5000, (length) => noise(random, length));
  const { file, payloadBytes } = await seal(directory, sampleLinks({ events: 9000, consultations: 900 }), {
    codec: 'lzf',
  });
  const texts = new Map((await columnSizes(join(directory, file))).map((size) => [size.path, size]));
  assert.ok((texts.get('events/payload')?.storedBytes ?? 0) < payloadBytes / 2);
  assert.ok((texts.get('events/event_id')?.storedBytes ?? 0) >= 9000 * 16);

  const noisy = sampleLinks({ events: 200, payload });
  const sealed = await seal(directory, noisy, { codec: 'lzf' });
  const sizes = await columnSizes(join(directory, sealed.file));
  const payloadSize = sizes.find(({ path }) => path === 'events/payload');
  assert.ok((payloadSize?.storedBytes ?? 0) >= sealed.payloadBytes, 'the noise is plain');
  assert.deepEqual(await linksOf(join(directory, sealed.file)), noisy);
});
