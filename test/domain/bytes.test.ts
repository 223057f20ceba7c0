import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyBytes, setUint48, uint48, writeText } from '../../src/domain/bytes.js';

test('bytes of any length are copied to their place, and nothing beside them is touched', () => {
  const source = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
  for (let length = 0; length <= 100; length += 1) {
    const target = Buffer.alloc(150, 0xff);
    copyBytes(source, 7, 7 + length, target, 20);
    assert.deepEqual(target.subarray(20, 20 + length), source.subarray(7, 7 + length));
    assert.ok([...target.subarray(0, 20), ...target.subarray(20 + length)].every((byte) => byte === 0xff));
  }
});

test('whole numbers come back as they were written, up to the largest', () => {
  const bytes = Buffer.alloc(8, 0xff);
  for (const value of [0, 1, 0xffff, 0x8000_0000, 0xffff_ffff, 2 ** 32, 1_700_000_000_123, 2 ** 48 - 1]) {
    setUint48(value, bytes, 1);
    assert.equal(uint48(bytes, 1), value);
    assert.equal(bytes.readUIntLE(1, 6), value);
    assert.deepEqual([bytes[0], bytes[7]], [0xff, 0xff]);
  }
});

test('a short text is written in UTF-8, whatever its characters', () => {
  for (const text of ['', 'dr-bench', 'müller', 'a€b', 'x😀', 'ÿ'.repeat(40)]) {
    const bytes = Buffer.alloc(200);
    const end = writeText(text, bytes, 3);
    assert.equal(bytes.toString('utf8', 3, end), text);
  }
});
