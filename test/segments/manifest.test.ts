import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { MANIFEST_FILE, readManifest, updateManifest, writeManifest } from '../../src/segments/manifest.js';
import { GENESIS_ROOT, type SealedSegment, sealedFileName } from '../../src/segments/segment-layout.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const rootOf = (index: number): string => String(index).repeat(64).slice(0, 64);

/** Three segments of ten events that join. */
function segments(): SealedSegment[] {
  return [0, 1, 2].map((index) => ({
    file: sealedFileName(1 + index * 10),
    firstSequence: 1 + index * 10,
    lastSequence: 10 + index * 10,
    eventCount: 10,
    payloadBytes: 100,
    linkBytes: 300,
    fileBytes: 9000,
    codec: 'gzip:4',
    previousRoot: index === 0 ? GENESIS_ROOT : rootOf(index),
    root: rootOf(index + 1),
    sha256: 'ab'.repeat(32),
  }));
}

async function written(directory: string): Promise<string> {
  await writeManifest(nodeDisk, directory, segments());
  return join(directory, MANIFEST_FILE);
}

test('gives back what was written, and nothing where there is none', async (t) => {
  const directory = await temporaryDirectory(t);
  assert.deepEqual(await readManifest(nodeDisk, directory), []);
  await writeManifest(nodeDisk, directory, segments().slice(0, 1));
  await writeManifest(nodeDisk, directory, segments());
  assert.deepEqual(await readManifest(nodeDisk, directory), segments());
  assert.deepEqual(await readdir(directory), [MANIFEST_FILE]);
});

test('finds every changed byte that changes what the manifest says', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await written(directory);
  const text = await readFile(path);
  for (let offset = 0; offset < text.length; offset += 1) {
    const changed = Buffer.from(text);
    changed[offset] = (changed[offset] as number) ^ 1;
    await writeFile(path, changed);
    const result = await readManifest(nodeDisk, directory).catch(
      (error: Error & { code?: string }) => error.code,
    );
    // White space may turn into other white space ("\n" has no such neighbour, " " gives "!").
    assert.ok(result === 'ARCHIVE_DAMAGED' || result === 'UNSUPPORTED_FORMAT', `byte ${offset}`);
  }
});

test('finds a manifest that was cut or emptied, and says what to do', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await written(directory);
  const text = await readFile(path);
  for (const length of [0, 1, text.length >> 1, text.length - 3]) {
    await writeFile(path, text.subarray(0, length));
    await assert.rejects(readManifest(nodeDisk, directory), {
      code: 'ARCHIVE_DAMAGED',
      message: /manifest\.json.*backup/,
    });
  }
});

test('finds that it was lost beside sealed segments, but not where the first one was never listed', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, sealedFileName(1)), '');
  assert.deepEqual(await readManifest(nodeDisk, directory), []);
  await writeFile(join(directory, sealedFileName(11)), '');
  await assert.rejects(readManifest(nodeDisk, directory), { code: 'ARCHIVE_DAMAGED' });
});

test('refuses a newer version', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await written(directory);
  const { sha256, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  assert.equal(sha256, hash('sha256', canonicalJson(rest)));
  rest.format_version = 2;
  await writeFile(path, JSON.stringify({ ...rest, sha256: hash('sha256', canonicalJson(rest)) }));
  await assert.rejects(readManifest(nodeDisk, directory), {
    code: 'UNSUPPORTED_FORMAT',
    message: /2.*Upgrade/,
  });
});

test('refuses segments that do not join, even under a right checksum', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await written(directory);
  const good = JSON.parse(await readFile(path, 'utf8'));
  const faults: ((list: SealedSegment[]) => unknown)[] = [
    (list) => list.splice(1, 1),
    (list) => list.shift(),
    (list) => list.reverse(),
    (list) => Object.assign(list[1] as SealedSegment, { previousRoot: rootOf(9) }),
    (list) => Object.assign(list[2] as SealedSegment, { eventCount: 11 }),
    (list) => Object.assign(list[2] as SealedSegment, { firstSequence: 22 }),
    (list) => Object.assign(list[0] as SealedSegment, { root: 7 }),
  ];
  for (const fault of faults) {
    const { sha256: _, ...rest } = structuredClone(good);
    fault(rest.segments);
    await writeFile(path, JSON.stringify({ ...rest, sha256: hash('sha256', canonicalJson(rest)) }));
    await assert.rejects(readManifest(nodeDisk, directory), { code: 'ARCHIVE_DAMAGED' });
  }
});

test('keeps the old manifest when writing the new one fails at any step', async (t) => {
  const directory = await temporaryDirectory(t);
  const old = segments().slice(0, 2);
  await writeManifest(nodeDisk, directory, old);
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error('injected'), { code: 'ENOSPC' });
  };
  const withFile = (fault: 'write' | 'sync'): Disk => ({
    ...nodeDisk,
    open: async (path, options) => ({ ...(await nodeDisk.open(path, options)), [fault]: refuse }),
  });
  for (const disk of [
    { ...nodeDisk, open: refuse },
    withFile('write'),
    withFile('sync'),
    { ...nodeDisk, rename: refuse },
  ]) {
    await assert.rejects(writeManifest(disk, directory, segments()), { code: 'ENOSPC' });
    assert.deepEqual(await readManifest(nodeDisk, directory), old);
  }
  await writeManifest(nodeDisk, directory, segments());
  assert.equal((await readManifest(nodeDisk, directory)).length, 3);
});

test('changes that are made at the same time are made one after another, and none is lost', async (t) => {
  const directory = await temporaryDirectory(t);
  await written(directory);
  const rename = (index: number) => (now: readonly SealedSegment[]) =>
    now.map((segment, place) => (place === index ? { ...segment, codec: `${segment.codec}+` } : segment));
  await Promise.all(
    Array.from({ length: 9 }, (_, index) => updateManifest(nodeDisk, directory, rename(index % 3))),
  );
  const codecs = (await readManifest(nodeDisk, directory)).map(({ codec }) => codec);
  assert.deepEqual(codecs, ['gzip:4+++', 'gzip:4+++', 'gzip:4+++']);
});
