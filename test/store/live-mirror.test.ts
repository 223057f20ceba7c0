import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('a codec that cannot be proven stops the start, which lets go of everything', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const inTheWay = join(dataDir, 'segments/codec-check.h5.tmp');
  await mkdir(inTheWay, { recursive: true });
  await assert.rejects(openTestStore(dataDir, { codec: 'zstd:3' }), { code: 'CODEC_UNAVAILABLE' });
  await rm(inTheWay, { recursive: true });
  const store = await openTestStore(dataDir, { codec: 'zstd:3' });
  await store.close();
});
