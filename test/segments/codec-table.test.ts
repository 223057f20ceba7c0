import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';

const levels = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}:${index + 1}`);

test('gives a codec that names itself as it was written', () => {
  for (const text of ['none', 'lzf', 'lz4', ...levels('gzip', 9), ...levels('zstd', 19)]) {
    assert.equal(parseCodec(text).text, text);
  }
});

test('maps each codec to its registered HDF5 filter, a level to its first option', () => {
  const filters = ['none', 'gzip:7', 'lzf', 'lz4', 'zstd:19'].map((text) => {
    const { filter } = parseCodec(text);
    return filter && { id: filter.id, options: filter.options };
  });
  assert.deepEqual(filters, [
    undefined,
    { id: 1, options: [7] },
    { id: 32000, options: [] },
    { id: 32004, options: [0] },
    { id: 32015, options: [19] },
  ]);
});

test('refuses anything else and lists what is allowed', () => {
  const refused = ['', 'gzip', 'gzip:', 'gzip:0', 'gzip:10', 'gzip:4 ', 'GZIP:4', 'none:1', 'none:'];
  refused.push('brotli:3', 'lzf:1', 'lz4:', 'zstd', 'zstd:0', 'zstd:20', 'zstd:01', 'zstd:-1', 'zstd:1.5');
  for (const text of refused) {
    assert.throws(
      () => parseCodec(text),
      {
        code: 'INVALID_SETTINGS',
        message: 'must be a codec: none, gzip:1 to gzip:9, lzf, lz4, zstd:1 to zstd:19',
      },
      text,
    );
  }
});
