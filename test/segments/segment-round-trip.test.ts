import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { HASH_BYTES } from '../../src/domain/stored-event.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { CHUNK_ROWS } from '../../src/segments/segment-layout.js';
import { SegmentReader } from '../../src/segments/segment-reader.js';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { sampleLinks } from './sample-links.js';
import { linksOf, seal } from './seal-helper.js';

before(loadHdf5);

const SIZES = [1, 2, 31, 1024, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS, 20_000];

for (const events of SIZES) {
  test(`gives back ${events} events from a sealed and from a live file`, async (t) => {
    const directory = await temporaryDirectory(t);
    const links = sampleLinks({ events, consultations: 1 + Math.floor(events / 9) });
    const sealed = await seal(directory, links);
    assert.equal(sealed.eventCount, events);
    assert.equal(sealed.lastSequence, events);
    assert.deepEqual(await linksOf(join(directory, sealed.file)), links);

    const path = join(directory, 'live.h5');
    const live = LiveSegment.create(path, { firstSequence: 1 });
    for (let start = 0; start < events; start += 3000) {
      live.append(links.slice(start, start + 3000));
      live.flush();
    }
    assert.equal(live.eventCount, events);
    live.close();
    assert.deepEqual(await linksOf(path), links);
  });
}

test('gives back payloads from two bytes to a megabyte, whatever chunks they cross', async (t) => {
  const directory = await temporaryDirectory(t);
  const sizes = [2, 2, 1024 * 1024, 2, 262_144, 262_142, 2, 262_143, 300_000, 2];
  const payload = (index: number): string => {
    const bytes = sizes[index % sizes.length] as number;
    return bytes === 2 ? '{}' : `{"a":"${'x'.repeat(bytes - 8)}"}`;
  };
  const links = sampleLinks({ events: 30, payload });
  for (const codec of ['none', 'gzip:1']) {
    const sealed = await seal(directory, links, { codec });
    assert.deepEqual(await linksOf(join(directory, sealed.file)), links);
  }
});

test('gives back the same events and the same root with each codec', async (t) => {
  const directory = await temporaryDirectory(t);
  const links = sampleLinks({ events: 3000, consultations: 100 });
  const codecs = ['none', ...Array.from({ length: 9 }, (_, index) => `gzip:${index + 1}`)];
  const roots = new Set<string>();
  for (const codec of codecs) {
    const sealed = await seal(directory, links, { codec });
    assert.equal(sealed.codec, codec);
    assert.deepEqual(await linksOf(join(directory, sealed.file)), links);
    roots.add(sealed.root);
  }
  assert.equal(roots.size, 1);
});

test('continues consultations that started in an earlier segment', async (t) => {
  const directory = await temporaryDirectory(t);
  const links = sampleLinks({ events: 400, consultations: 20 });
  const first = await seal(directory, links.slice(0, 150));
  const second = await seal(directory, links.slice(150), { firstSequence: 151, previousRoot: first.root });
  assert.equal(second.previousRoot, first.root);
  assert.equal(second.lastSequence, 400);
  assert.deepEqual(await linksOf(join(directory, second.file)), links.slice(150));
});

test('reads any rows in the order asked for', async (t) => {
  const seed = testSeed(t);
  const random = seededRandom(seed);
  const directory = await temporaryDirectory(t);
  const links = sampleLinks({ events: 12_000, consultations: 900, seed });
  const sealed = await seal(directory, links);
  const reader = SegmentReader.open(join(directory, sealed.file));
  t.after(() => reader.close());
  for (let round = 0; round < 20; round += 1) {
    const rows = Array.from({ length: 1 + Math.floor(random() * 50) }, () =>
      Math.floor(random() * links.length),
    );
    const expected = rows.map((row) => (links[row] as Buffer).subarray(HASH_BYTES));
    assert.deepEqual(reader.readRecords(rows), expected);
  }
});

test('keeps batches of a scan within their limits, but never below one event', async (t) => {
  const directory = await temporaryDirectory(t);
  const links = sampleLinks({
    events: 100,
    payload: (index) => `{"a":"${'y'.repeat(index === 50 ? 90_000 : 100)}"}`,
  });
  const sealed = await seal(directory, links);
  const reader = SegmentReader.open(join(directory, sealed.file));
  t.after(() => reader.close());
  const batches = [...reader.scanLinks({ rowsMax: 7, bytesMax: 2000 })];
  assert.deepEqual(batches.flat(), links);
  for (const batch of batches) {
    assert.ok(batch.length <= 7);
    const beforeLast = batch.slice(0, -1).reduce((sum, link) => sum + link.length, 0);
    assert.ok(beforeLast < 2000, 'a batch ends with the link that fills it');
  }
});
