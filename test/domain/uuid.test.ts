import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isUuidV7,
  readUuid,
  uuidBytes,
  uuidTimeMs,
  uuidV7Generator,
  writeUuid,
} from '../../src/domain/uuid.js';

test('makes ids of version 7 that hold their time and strictly increase', () => {
  const nextId = uuidV7Generator();
  let before = '';
  for (let index = 0; index < 5000; index += 1) {
    const timeMs = 1_700_000_000_000 + Math.floor(index / 100);
    const id = nextId(timeMs);
    assert.ok(isUuidV7(id), id);
    assert.equal(uuidTimeMs(id), timeMs);
    assert.ok(id > before, `${id} comes after ${before}`);
    before = id;
  }
});

test('carries when a part of the counter is through', () => {
  const nextId = uuidV7Generator(Buffer.from('0001ffffffffffffffff', 'hex').fill(0xff, 2));
  assert.equal(nextId(1), '00000000-0001-7002-8000-000000000000');
  assert.equal(nextId(1), '00000000-0001-7002-8000-000000000001');
});

test('makes the same ids from the same seed', () => {
  const seed = Buffer.from('00112233445566778899', 'hex');
  const [one, other] = [uuidV7Generator(seed), uuidV7Generator(seed)];
  for (let timeMs = 0; timeMs < 300; timeMs += 7) assert.equal(one(timeMs), other(timeMs));
});

test('keeps every id through its 16 bytes, wherever they are', () => {
  const nextId = uuidV7Generator();
  const bytes = Buffer.alloc(40, 0xee);
  for (let index = 0; index < 1000; index += 1) {
    const id = nextId(index * 12_345_678);
    writeUuid(id, bytes, 3);
    assert.equal(bytes.toString('hex', 3, 19), id.replaceAll('-', ''));
    assert.equal(readUuid(bytes, 3), id);
    assert.deepEqual(uuidBytes(id.toUpperCase()), uuidBytes(id));
  }
  assert.ok(
    bytes.subarray(0, 3).every((byte) => byte === 0xee) && bytes[19] === 0xee,
    'nothing else is written',
  );
});

test('knows what is no id of version 7', () => {
  const id = uuidV7Generator()(1);
  for (const other of [
    id.toUpperCase().replace('0', 'A'),
    id.slice(1),
    `${id}0`,
    id.replace('-7', '-4'),
    '',
  ]) {
    assert.ok(!isUuidV7(other), other);
  }
});
