import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/ops/disk.js';
import { readManifest } from '../../src/segments/manifest.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import { sampleLinks } from '../segments/sample-links.js';
import { seal } from '../segments/seal-helper.js';
import { cli } from '../support/cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('says in one line what it did', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const directory = join(dataDir, 'segments');
  await mkdir(directory);
  const archive = await SegmentArchive.open({ disk: nodeDisk, directory });
  const sealed = await seal(directory, sampleLinks({ events: 50 }), { codec: 'none' });
  await archive.add(sealed);
  const run = await cli(['repack', '--codec', 'zstd:5', '--data-dir', dataDir]);
  assert.equal(run.exitCode, 0, run.stderr);
  const [segment] = await readManifest(nodeDisk, directory);
  assert.equal(segment?.codec, 'zstd:5');
  assert.match(
    run.stdout,
    new RegExp(
      `^1 of 1 segments repacked with zstd:5, ${sealed.fileBytes} bytes became ${segment?.fileBytes}, [0-9.]+ s\\n$`,
    ),
  );
  const again = await cli(['repack', '--codec', 'zstd:5', '--data-dir', dataDir]);
  assert.match(again.stdout, /^0 of 1 segments repacked/);
});

test('refuses a codec that is not known, and a directory without a store', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const unknown = await cli(['repack', '--codec', 'zstd:20', '--data-dir', dataDir]);
  assert.equal(unknown.exitCode, 2);
  assert.match(
    unknown.stderr,
    /^fi-consult repack: .*must be a codec: none, gzip:1 to gzip:9, lzf, lz4, zstd:1/,
  );
  assert.equal((await cli(['repack', '--codec', 'none', '--data-dir', dataDir])).exitCode, 1);
});
