import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyBytes } from '../../src/domain/bytes.js';

test('bytes of any length are copied to their place, and nothing beside them is touched', () => {
  const source = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
  for (let length = 0; length <= 100; length += 1) {
    const target = Buffer.alloc(150, 0xff);
    copyBytes(source, 7, 7 + length, target, 20);
    assert.deepEqual(target.subarray(20, 20 + length), source.subarray(7, 7 + length));
    assert.ok([...target.subarray(0, 20), ...target.subarray(20 + length)].every((byte) => byte === 0xff));
  }
});
