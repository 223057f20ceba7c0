import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { HASH_BYTES, type SequencedLink } from '../../src/domain/stored-event.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { sampleLinks } from './sample-links.js';
import { seal } from './seal-helper.js';

const LINKS = sampleLinks({ events: 6000, consultations: 300 });
/** Where the segments of these tests end. */
const BORDERS = [0, 1000, 1001, 3500, 6000];

async function archiveOf(
  t: TestContext,
  codec = 'gzip:1',
): Promise<{ archive: SegmentArchive; directory: string }> {
  const directory = await temporaryDirectory(t);
  const archive = await SegmentArchive.open({ disk: nodeDisk, directory });
  t.after(() => archive.close());
  for (const [index, start] of BORDERS.slice(0, -1).entries()) {
    const links = LINKS.slice(start, BORDERS[index + 1]);
    const previousRoot = archive.lastRoot;
    await archive.add(await seal(directory, links, { firstSequence: start + 1, previousRoot, codec }));
  }
  return { archive, directory };
}

async function scanned(archive: SegmentArchive, from: number): Promise<SequencedLink[]> {
  const found: SequencedLink[] = [];
  for await (const batch of archive.scan(from)) found.push(...batch);
  return found;
}

test('knows its segments again after it is opened anew', async (t) => {
  const { archive, directory } = await archiveOf(t);
  assert.equal(archive.lastSequence, 6000);
  const again = await SegmentArchive.open({ disk: nodeDisk, directory });
  t.after(() => again.close());
  assert.deepEqual(again.segments, archive.segments);
  assert.equal(again.lastRoot, archive.lastRoot);
});

test('scans everything from any sequence, across segments', async (t) => {
  const { archive } = await archiveOf(t);
  for (const from of [1, 2, 1000, 1001, 1002, 3600, 6000, 6001]) {
    const found = await scanned(archive, from);
    assert.deepEqual(
      found.map(({ link }) => link),
      LINKS.slice(from - 1),
    );
    assert.deepEqual(
      found.map(({ sequence }) => sequence),
      LINKS.slice(from - 1).map((_, index) => from + index),
    );
  }
});

test('reads records in the order asked for, whatever segments they are in, many requests at once', async (t) => {
  const random = seededRandom(testSeed(t));
  const { archive } = await archiveOf(t);
  assert.deepEqual(await archive.readRecords([]), []);
  const requests = Array.from({ length: 30 }, () => {
    return Array.from(
      { length: 1 + Math.floor(random() * 40) },
      () => 1 + Math.floor(random() * LINKS.length),
    );
  });
  const answers = await Promise.all(requests.map((sequences) => archive.readRecords(sequences)));
  for (const [index, sequences] of requests.entries()) {
    assert.deepEqual(
      answers[index],
      sequences.map((sequence) => LINKS[sequence - 1]?.subarray(HASH_BYTES)),
    );
  }
});

test('several scans and reads go on side by side, and one may stop early', async (t) => {
  const { archive } = await archiveOf(t);
  const stopsEarly = async (): Promise<void> => {
    for await (const batch of archive.scan(1)) {
      assert.deepEqual(batch[0]?.link, LINKS[0]);
      break;
    }
  };
  const [whole, tail, records] = await Promise.all([
    scanned(archive, 1),
    scanned(archive, 5000),
    archive.readRecords([6000, 1]),
    stopsEarly(),
  ]);
  assert.equal(whole.length, 6000);
  assert.equal(tail.length, 1001);
  assert.equal(records.length, 2);
});

test('does not start when a listed file is missing or shorter than listed', async (t) => {
  const { directory, archive } = await archiveOf(t);
  const path = join(directory, archive.segments[2]?.file as string);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 1));
  await assert.rejects(SegmentArchive.open({ disk: nodeDisk, directory }), {
    code: 'ARCHIVE_DAMAGED',
    message: /1002\.h5/,
  });
  await rm(path);
  await assert.rejects(SegmentArchive.open({ disk: nodeDisk, directory }), {
    code: 'ARCHIVE_DAMAGED',
    message: /missing/,
  });
});

test('a damaged file fails the reads that need it, and no others', async (t) => {
  const { directory, archive } = await archiveOf(t);
  const path = join(directory, archive.segments[2]?.file as string);
  const bytes = await readFile(path);
  // Everything but the superblock: HDF5 opens nothing of this, and throws.
  await writeFile(path, Buffer.concat([bytes.subarray(0, 48), Buffer.alloc(bytes.length - 48, 0xff)]));
  const expected = { code: 'ARCHIVE_DAMAGED', message: /segment-0000000000001002\.h5/ };
  for (let round = 0; round < 3; round += 1) {
    const [bad, good] = await Promise.allSettled([
      archive.readRecords([2000]),
      archive.readRecords([5, 5000]),
    ]);
    assert.equal(bad.status, 'rejected');
    assert.equal(good.status, 'fulfilled');
  }
  await assert.rejects(archive.readRecords([2000]), expected);
  await assert.rejects(scanned(archive, 1), expected);
  await writeFile(path, bytes);
  assert.deepEqual((await scanned(archive, 1)).length, 6000);
});

for (const codec of ['none', 'gzip:4']) {
  test(`a flipped bit in a ${codec} file is found by a scan or changes no event`, async (t) => {
    const random = seededRandom(testSeed(t));
    const directory = await temporaryDirectory(t);
    const links = LINKS.slice(0, 400);
    const archive = await SegmentArchive.open({ disk: nodeDisk, directory });
    t.after(() => archive.close());
    await archive.add(await seal(directory, links, { codec }));
    const path = join(directory, archive.segments[0]?.file as string);
    const bytes = await readFile(path);
    let found = 0;
    for (let round = 0; round < 25; round += 1) {
      const offset = Math.floor(random() * bytes.length);
      const changed = Buffer.from(bytes);
      changed[offset] = (changed[offset] as number) ^ (1 << Math.floor(random() * 8));
      await writeFile(path, changed);
      try {
        assert.deepEqual(
          (await scanned(archive, 1)).map(({ link }) => link),
          links,
          `byte ${offset}`,
        );
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        assert.ok(
          ['ARCHIVE_DAMAGED', 'UNSUPPORTED_FORMAT', 'CODEC_UNAVAILABLE'].includes(code ?? ''),
          `byte ${offset}: ${message}`,
        );
        found += 1;
      }
    }
    assert.ok(found > 5, `${found} of 25 were found`);
  });
}

test('refuses reads after it was closed, and those that still wait', async (t) => {
  const { archive } = await archiveOf(t);
  const waiting = archive.readRecords([1]);
  const refused = assert.rejects(waiting, { code: 'SHUTTING_DOWN' });
  await archive.close();
  await refused;
  await assert.rejects(archive.readRecords([1]), { code: 'SHUTTING_DOWN' });
});

test('names the first event of the consultation whose chain is broken', async (t) => {
  const { directory, archive } = await archiveOf(t, 'none');
  const path = join(directory, archive.segments[3]?.file as string);
  const bytes = await readFile(path);
  const target = LINKS[4321] as Buffer;
  const text = target.subarray(target.length - 60);
  const at = bytes.indexOf(text);
  assert.ok(at > 0 && bytes.indexOf(text, at + 1) < 0, 'the payload is there once');
  bytes[at + 10] = (bytes[at + 10] as number) ^ 1;
  await writeFile(path, bytes);
  const consultation = target.subarray(48, 64);
  const first =
    LINKS.findIndex((link, index) => index >= 3500 && link.subarray(48, 64).equals(consultation)) + 1;
  await assert.rejects(scanned(archive, 3501), {
    code: 'ARCHIVE_DAMAGED',
    message: new RegExp(`sequence ${first}\\b`),
  });
});
