import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { sealSegment } from '../../src/segments/seal-segment.js';
import { GENESIS_ROOT, sealedFileName, segmentRoot } from '../../src/segments/segment-layout.js';
import { failingDisk } from '../support/failing-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { sampleLinks } from './sample-links.js';
import { linksOf, seal } from './seal-helper.js';

const LINKS = sampleLinks({ events: 300, consultations: 12 });

test('describes the sealed file truly', async (t) => {
  const directory = await temporaryDirectory(t);
  const sealed = await seal(directory, LINKS, { codec: 'gzip:6' });
  const bytes = await readFile(join(directory, sealed.file));
  const hashes = LINKS.map((link) => createHash('sha256').update(link).digest());
  assert.deepEqual(sealed, {
    file: sealedFileName(1),
    firstSequence: 1,
    lastSequence: 300,
    eventCount: 300,
    payloadBytes: LINKS.reduce((sum, link) => sum + link.readUInt32LE(32 + 68), 0),
    linkBytes: LINKS.reduce((sum, link) => sum + link.length, 0),
    fileBytes: bytes.length,
    codec: 'gzip:6',
    previousRoot: GENESIS_ROOT,
    root: segmentRoot(GENESIS_ROOT, 1, Buffer.concat(hashes)),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
});

test('lets nobody but the owner and its group read the file', async (t) => {
  const directory = await temporaryDirectory(t);
  const { file } = await seal(directory, LINKS);
  assert.equal((await stat(join(directory, file))).mode & 0o027, 0);
});

test('computes the root over the root before, the first sequence, the count and the hashes', () => {
  const previous = Buffer.alloc(32, 7);
  const hashes = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64LE(900n, 0);
  numbers.writeBigUInt64LE(2n, 8);
  const expected = createHash('sha256')
    .update(Buffer.concat([previous, numbers, hashes]))
    .digest('hex');
  assert.equal(segmentRoot(previous.toString('hex'), 900, hashes), expected);
});

test('fsyncs the file before it renames it, and the directory after', async (t) => {
  const directory = await temporaryDirectory(t);
  const steps: string[] = [];
  const disk: Disk = {
    ...nodeDisk,
    open: async (path, options) => {
      const file = await nodeDisk.open(path, options);
      const sync = async (): Promise<void> => {
        steps.push('sync');
        await file.sync();
      };
      return { ...file, sync };
    },
    rename: async (from, to) => {
      steps.push('rename');
      await nodeDisk.rename(from, to);
    },
    syncDirectory: async (path) => {
      steps.push(path === directory ? 'sync directory' : 'sync another');
      await nodeDisk.syncDirectory(path);
    },
  };
  await seal(directory, LINKS, { disk });
  assert.deepEqual(steps, ['sync', 'rename', 'sync directory']);
});

test('interrupted at any step, it is done again', async (t) => {
  const directory = await temporaryDirectory(t);
  for (let failAt = 0; ; failAt += 1) {
    const { disk, isFailed } = failingDisk(failAt);
    const attempt = seal(directory, LINKS, { disk });
    if (
      (await attempt.then(
        () => 'sealed',
        () => 'failed',
      )) === 'sealed'
    ) {
      assert.equal(isFailed(), false);
      assert.ok(failAt >= 8, `${failAt} steps were failed`);
      break;
    }
    const placed = (await readdir(directory)).filter((name) => !name.endsWith('.tmp'));
    for (const name of placed) assert.deepEqual(await linksOf(join(directory, name)), LINKS);
    const sealed = await seal(directory, LINKS);
    assert.deepEqual(await linksOf(join(directory, sealed.file)), LINKS);
    assert.deepEqual(await readdir(directory), [sealed.file]);
    await nodeDisk.remove(join(directory, sealed.file));
  }
});

test('replaces what an interrupted attempt left', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, `${sealedFileName(1)}.tmp`), 'half a file');
  const sealed = await seal(directory, LINKS);
  assert.deepEqual(await readdir(directory), [sealed.file]);
});

test('refuses to place a file that does not read back as its source', async (t) => {
  const directory = await temporaryDirectory(t);
  const other = [...LINKS];
  const changed = Buffer.from(LINKS[200] as Buffer);
  changed[changed.length - 2] = (changed[changed.length - 2] as number) ^ 1;
  other[200] = changed;
  for (const second of [other, LINKS.slice(0, -1), [...LINKS, ...LINKS.slice(-1)]]) {
    let pass = 0;
    const links = (): Buffer[][] => {
      pass += 1;
      return [pass === 1 ? LINKS : second];
    };
    const path = join(directory, sealedFileName(1));
    const codec = parseCodec('gzip:1');
    const options = { links, firstSequence: 1, previousRoot: GENESIS_ROOT, codec, path, disk: nodeDisk };
    await assert.rejects(sealSegment(options), { code: 'ARCHIVE_DAMAGED' });
    assert.deepEqual(await readdir(directory), []);
  }
});

test('refuses a source whose chain is broken, and names the sequence', async (t) => {
  const directory = await temporaryDirectory(t);
  const withoutOne = LINKS.filter((_, index) => index !== 40);
  await assert.rejects(
    seal(directory, withoutOne, { firstSequence: 1001 }),
    (error: Error & { code?: string }) => {
      return error.code === 'LOG_DAMAGED' && /sequence 10[4-9]\d /.test(error.message);
    },
  );
  const cut = LINKS.map((link, index) => (index === 7 ? link.subarray(0, link.length - 1) : link));
  await assert.rejects(seal(directory, cut), { code: 'LOG_DAMAGED', message: /sequence 8 / });
  assert.deepEqual(await readdir(directory), []);
});
