import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';

test('gives a codec that names itself as it was written', () => {
  for (const text of ['none', ...Array.from({ length: 9 }, (_, index) => `gzip:${index + 1}`)]) {
    assert.equal(parseCodec(text).text, text);
  }
});

test('maps gzip to the deflate filter with its level, and none to no filter', () => {
  assert.deepEqual(parseCodec('gzip:7').filter, { id: 1, options: [7] });
  assert.equal(parseCodec('none').filter, undefined);
});

test('refuses anything else and lists what is allowed', () => {
  for (const text of [
    '',
    'gzip',
    'gzip:',
    'gzip:0',
    'gzip:10',
    'gzip:4 ',
    'GZIP:4',
    'none:1',
    'none:',
    'brotli:3',
  ]) {
    assert.throws(
      () => parseCodec(text),
      (error: Error & { code?: string }) =>
        error.code === 'INVALID_SETTINGS' && error.message.includes('none, gzip:1 to gzip:9'),
      text,
    );
  }
});
