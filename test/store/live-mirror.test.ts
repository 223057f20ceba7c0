import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeMachine } from '../../src/ops/machine.js';
import { startMirrorThread } from '../../src/store/live-mirror.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

for (const codec of ['none', 'gzip:9', 'lzf', 'lz4', 'zstd:3']) {
  test(`${codec} proves itself in the mirror's thread by a file that is written and read back`, async (t) => {
    const start = (directory: string) =>
      startMirrorThread({ directory, codec, mirrorMs: 1000, machine: nodeMachine });
    const proven = start(await temporaryDirectory(t));
    t.after(() => proven.close());
    await proven.ready();
    const failed = start('/nonexistent');
    t.after(() => failed.close());
    await assert.rejects(failed.ready(), { code: 'CODEC_UNAVAILABLE' });
  });
}

test('a codec that cannot be proven stops the start, which lets go of everything', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const inTheWay = join(dataDir, 'segments/codec-check.h5.tmp');
  await mkdir(inTheWay, { recursive: true });
  await assert.rejects(openTestStore(dataDir, { codec: 'zstd:3' }), { code: 'CODEC_UNAVAILABLE' });
  await rm(inTheWay, { recursive: true });
  const store = await openTestStore(dataDir, { codec: 'zstd:3' });
  await store.close();
});
