import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { proveCodec } from '../../src/segments/prove-codec.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

for (const codec of ['none', 'gzip:1', 'gzip:9', 'lzf', 'lz4', 'zstd:1', 'zstd:19']) {
  test(`proves ${codec} and leaves nothing behind`, async (t) => {
    const directory = await temporaryDirectory(t);
    await proveCodec(parseCodec(codec), directory);
    assert.deepEqual(await readdir(directory), []);
  });
}

test('says which codec does not work, why, and what else may', async (t) => {
  const directory = await temporaryDirectory(t);
  const unknown = { text: 'pied-piper:5', filter: { id: 32_767, options: [5] } };
  await assert.rejects(proveCodec(unknown, directory), {
    code: 'CODEC_UNAVAILABLE',
    message: /pied-piper:5 does not work here: A filter that .* cannot be loaded.*FI_CODEC/,
  });
  assert.deepEqual(await readdir(directory), []);
});

test('says so when the check itself cannot be made', async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'codec-check.h5.tmp'));
  await assert.rejects(proveCodec(parseCodec('zstd:3'), directory), {
    code: 'CODEC_UNAVAILABLE',
    message: /zstd:3 does not work here: .*cannot be created/,
  });
});
