import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { HASH_BYTES, sha256Latin1 } from '../../../src/domain/stored-event.js';
import { uuidBytes, uuidV7Generator } from '../../../src/domain/uuid.js';
import { ConsultationEnds } from '../../../src/store/verify/consultation-ends.js';

const COUNT = 20_000;

test('keeps the newest event of each of many consultations, whose ids are random or follow each other', () => {
  const ends = new ConsultationEnds();
  const nextId = uuidV7Generator();
  const ids = Array.from({ length: COUNT }, (_, i) => (i % 2 === 0 ? randomBytes(16) : uuidBytes(nextId(i))));
  const hashOf = (id: Buffer, version: number): string =>
    sha256Latin1(Buffer.concat([id, Buffer.of(version)]));
  for (const version of [1, 2]) {
    for (const id of ids) {
      const entry = ends.entryOf(id);
      assert.equal(ends.version(entry), version - 1);
      ends.advance(entry, version, hashOf(id, version), version + 7);
    }
  }
  assert.equal(ends.count, COUNT);
  ids.forEach((id, index) => {
    assert.equal(ends.entryOf(id), index);
    assert.equal(ends.version(index), 2);
    assert.equal(ends.gaps(index), 9);
    assert.ok(ends.isFollowedBy(index, Buffer.from(hashOf(id, 2), 'latin1')));
    assert.ok(!ends.isFollowedBy(index, Buffer.alloc(HASH_BYTES)));
  });
});
