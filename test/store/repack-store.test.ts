import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { readManifest } from '../../src/segments/manifest.js';
import { repackSegment } from '../../src/segments/repack-segment.js';
import { lockRepacking } from '../../src/segments/repacking.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import { type Rewrite, repackStore } from '../../src/store/repack-store.js';
import { sampleLinks } from '../segments/sample-links.js';
import { linksOf, seal } from '../segments/seal-helper.js';
import { failingDisk } from '../support/failing-disk.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const LINKS = sampleLinks({ events: 240, consultations: 9 });
/** Where the segments end. */
const BORDERS = [0, 100, 101, 240];

interface Store {
  dataDir: string;
  directory: string;
}

/** A data directory whose only content is sealed segments. */
async function sealedStore(t: TestContext, borders = BORDERS): Promise<Store> {
  const dataDir = await temporaryDirectory(t);
  const directory = join(dataDir, 'segments');
  await mkdir(directory);
  const archive = await SegmentArchive.open({ disk: nodeDisk, directory });
  for (const [index, start] of borders.slice(0, -1).entries()) {
    const links = LINKS.slice(start, borders[index + 1]);
    const previousRoot = archive.lastRoot;
    await archive.add(
      await seal(directory, links, { firstSequence: start + 1, previousRoot, codec: 'gzip:1' }),
    );
  }
  await archive.close();
  return { dataDir, directory };
}

/** All events as the manifest leads to them; each file's chains and root are checked on the way. */
async function eventsOf({ directory }: Store): Promise<Buffer[]> {
  const segments = await readManifest(nodeDisk, directory);
  const parts: Buffer[][] = [];
  for (const { file } of segments) parts.push(await linksOf(join(directory, file)));
  return parts.flat();
}

async function segmentFiles({ directory }: Store): Promise<string[]> {
  return (await readdir(directory)).filter((name) => /^segment-(?!.*live)/.test(name));
}

const rewriteHere =
  (disk: Disk): Rewrite =>
  ({ codec, ...work }) =>
    repackSegment({ ...work, codec: parseCodec(codec), disk });

test('rewrites every segment, keeps events and roots, and has nothing to do the second time', async (t) => {
  const store = await sealedStore(t);
  const before = await readManifest(nodeDisk, store.directory);
  const steps: string[] = [];
  const onProgress = (done: number, total: number): void => void steps.push(`${done}/${total}`);
  const result = await repackStore({ dataDir: store.dataDir, codec: 'zstd:9', onProgress });

  const after = await readManifest(nodeDisk, store.directory);
  assert.deepEqual(
    after.map(({ root, codec, file }) => ({ root, codec, file })),
    before.map(({ root, file }) => ({ root, codec: 'zstd:9', file: file.replace('.h5', '.1.h5') })),
  );
  assert.deepEqual(await eventsOf(store), LINKS);
  assert.deepEqual(
    await segmentFiles(store),
    after.map(({ file }) => file),
  );
  const bytes = (segments: typeof after): number => segments.reduce((sum, one) => sum + one.fileBytes, 0);
  const sizes = { bytesBefore: bytes(before), bytesAfter: bytes(after) };
  assert.deepEqual(result, { segments: 3, repacked: 3, ...sizes });
  assert.deepEqual(steps, ['0/3', '1/3', '2/3', '3/3']);

  const again = await repackStore({ dataDir: store.dataDir, codec: 'zstd:9' });
  assert.deepEqual(again, { segments: 3, repacked: 0, bytesBefore: 0, bytesAfter: 0 });
  await repackStore({ dataDir: store.dataDir, codec: 'none' });
  assert.deepEqual(await eventsOf(store), LINKS);
});

test('interrupted at any step, every event stays readable and the next run finishes', async (t) => {
  const store = await sealedStore(t, [0, 100, 240]);
  let codec = 'zstd:1';
  for (let failAt = 0; ; failAt += 1) {
    const { disk, isFailed } = failingDisk(failAt);
    const options = { dataDir: store.dataDir, codec, disk, rewrite: rewriteHere(disk) };
    const outcome = await repackStore(options).then(
      () => 'done',
      () => 'failed',
    );
    assert.deepEqual(await eventsOf(store), LINKS, `after step ${failAt}`);
    // The last steps only tidy up, and their failure hides nothing.
    if (outcome === 'done' && !isFailed()) {
      assert.ok(failAt > 50, `${failAt} steps were failed`);
      break;
    }
    await repackStore({ dataDir: store.dataDir, codec, rewrite: rewriteHere(nodeDisk) });
    const segments = await readManifest(nodeDisk, store.directory);
    assert.deepEqual(new Set(segments.map((segment) => segment.codec)), new Set([codec]));
    assert.deepEqual(
      await segmentFiles(store),
      segments.map(({ file }) => file),
    );
    codec = codec === 'zstd:1' ? 'gzip:1' : 'zstd:1';
  }
});

/** Consultations of a service's store, and what may be done with them. */
class Clinic {
  readonly ids: string[];

  private constructor(
    readonly store: LocalStore,
    ids: string[],
  ) {
    this.ids = ids;
  }

  static async open(dataDir: string): Promise<Clinic> {
    const roll = { events: 40, bytes: 1e9, ageMs: 1e9 };
    const store = await openTestStore(dataDir, { codec: 'gzip:1', roll });
    const nextId = uuidV7Generator();
    const ids = Array.from({ length: 4 }, () => nextId(1_760_000_000_000));
    for (const consultationId of ids) await store.create({ userId: 'dr', source: 'test', consultationId });
    return new Clinic(store, ids);
  }

  /** Appends messages, one after another, to the consultations in turn. */
  async append(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const payload = { message_content: `message ${index}`, message_role: 'user' };
      const consultationId = this.ids[index % this.ids.length] as string;
      const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
      await this.store.append({ consultationId, userId: 'dr', source: 'test', events });
    }
  }

  /** The first events of each consultation. */
  pages(store = this.store): Promise<(readonly string[])[]> {
    return Promise.all(
      this.ids.map(async (consultationId) => {
        return (await store.events({ consultationId, offset: 0, limit: 60 })).eventsJson;
      }),
    );
  }
}

test('a start of the service removes what an interrupted repack left, and nothing else', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const store = { dataDir, directory: join(dataDir, 'segments') };
  const clinic = await Clinic.open(dataDir);
  await clinic.append(130);
  await clinic.store.archived();
  await clinic.store.close();
  await repackStore({ dataDir, codec: 'zstd:1', rewrite: rewriteHere(nodeDisk) });
  const events = await eventsOf(store);
  const listed = await segmentFiles(store);
  const [first = '', second = '', third = ''] = listed;
  const copy = (from: string, to: string): Promise<void> =>
    copyFile(join(store.directory, from), join(store.directory, to));
  await copy(first, first.replace('.1.h5', '.2.h5'));
  await copy(third, third.replace('.1.h5', '.h5'));
  await writeFile(join(store.directory, `${second.replace('.1.h5', '.2.h5')}.tmp`), 'half a file');

  const held = await lockRepacking(nodeDisk, store.directory);
  await (await openTestStore(dataDir)).close();
  assert.equal((await segmentFiles(store)).length, listed.length + 3, 'a repack that runs is left alone');
  await held?.close();
  await (await openTestStore(dataDir)).close();
  assert.deepEqual(await segmentFiles(store), listed);
  assert.deepEqual(await eventsOf(store), events);
});

test('keeps a file that is not listed while the one that is listed is missing', async (t) => {
  const { dataDir, directory } = await sealedStore(t);
  const [listed = ''] = await segmentFiles({ dataDir, directory });
  const other = listed.replace('.h5', '.1.h5');
  await copyFile(join(directory, listed), join(directory, other));
  await rm(join(directory, listed));
  await assert.rejects(repackStore({ dataDir, codec: 'zstd:1' }), { code: 'ARCHIVE_DAMAGED' });
  assert.ok((await readdir(directory)).includes(other));
});

test('one repack at a time', async (t) => {
  const { dataDir, directory } = await sealedStore(t);
  const lock = await lockRepacking(nodeDisk, directory);
  await assert.rejects(repackStore({ dataDir, codec: 'none' }), { code: 'DATA_DIR_LOCKED' });
  await lock?.close();
  await repackStore({ dataDir, codec: 'none', rewrite: rewriteHere(nodeDisk) });
});

test('refuses a segment whose events are not those of the manifest, and leaves it as it was', async (t) => {
  const store = await sealedStore(t);
  const before = await segmentFiles(store);
  const rewrite: Rewrite = ({ segment, ...work }) =>
    rewriteHere(nodeDisk)({ ...work, segment: { ...segment, root: 'f'.repeat(64) } });
  await assert.rejects(repackStore({ dataDir: store.dataDir, codec: 'lz4', rewrite }), {
    code: 'ARCHIVE_DAMAGED',
    message: /root/,
  });
  assert.deepEqual(await segmentFiles(store), before);
});

test('stops after the segment under way when it is asked to', async (t) => {
  const store = await sealedStore(t);
  const stop = new AbortController();
  const onProgress = (done: number): void => {
    if (done === 1) stop.abort();
  };
  const options = { dataDir: store.dataDir, codec: 'lzf', signal: stop.signal };
  assert.equal((await repackStore({ ...options, onProgress })).repacked, 1);
  const segments = await readManifest(nodeDisk, store.directory);
  assert.deepEqual(
    segments.map(({ codec }) => codec),
    ['lzf', 'gzip:1', 'gzip:1'],
  );
  assert.deepEqual(
    await segmentFiles(store),
    segments.map(({ file }) => file),
  );
});

test('beside a service that appends, seals and reads, nobody loses anything', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const directory = join(dataDir, 'segments');
  const clinic = await Clinic.open(dataDir);
  await clinic.append(400);
  await clinic.store.archived();
  const before = await clinic.pages();

  let isAppending = true;
  const appending = clinic.append(600).finally(() => {
    isAppending = false;
  });
  for (let round = 0; isAppending || round < 2; round += 1) {
    await repackStore({ dataDir, codec: round % 2 === 0 ? 'zstd:3' : 'lz4', rewrite: rewriteHere(nodeDisk) });
    assert.deepEqual(await clinic.pages(), before);
  }
  await appending;
  await clinic.store.archived();
  assert.deepEqual(await clinic.pages(), before);
  await clinic.store.close();

  const segments = await readManifest(nodeDisk, directory);
  assert.ok(segments.length >= 20 && segments.some(({ file }) => /\.\d+\.h5$/.test(file)));
  const sealed = segments.reduce((sum, { eventCount }) => sum + eventCount, 0);
  assert.equal((await eventsOf({ dataDir, directory })).length, sealed);
  const again = await openTestStore(dataDir);
  t.after(() => again.close());
  assert.equal((await again.health()).headSequence, 1004);
  assert.deepEqual(await clinic.pages(again), before);
});
