import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsultationHead, UrgencyLevel } from '../../src/domain/consultation-head.js';
import { uuidBytes } from '../../src/domain/uuid.js';
import { encodeHead, eventKey, HEADS_TABLE } from '../../src/index/index-layout.js';

const HEAD: ConsultationHead = {
  consultationId: '01999999-1111-7111-8111-111111111111',
  sessionId: '01999999-2222-7222-8222-222222222222',
  userId: 'dra. Peña 医',
  createdMs: 2 ** 48 - 2,
  updatedMs: 2 ** 48 - 1,
  version: 2 ** 32 - 1,
  sequence: 2 ** 47 + 1,
  lastEventId: '01999999-3333-7333-8333-333333333333',
  hash: String.fromCharCode(...Array.from({ length: 32 }, (_, index) => index * 8)),
  isCommitted: false,
  urgency: null,
  clearedVersion: 2 ** 32 - 2,
};

test('a head comes back as it was stored, with the largest numbers and every urgency', () => {
  const urgencies: (UrgencyLevel | null)[] = [null, 'low', 'medium', 'high', 'critical'];
  for (const urgency of urgencies) {
    for (const isCommitted of [false, true]) {
      const { consultationId, ...stored } = { ...HEAD, urgency, isCommitted };
      assert.deepEqual(HEADS_TABLE.readValue(encodeHead({ consultationId, ...stored })), stored);
    }
  }
});

test('a stored head has the bytes that its layout says', () => {
  const bytes = encodeHead({ ...HEAD, isCommitted: true, urgency: 'critical' });
  assert.equal(
    bytes.toString('hex'),
    '01999999222272228222222222222222' +
      '01999999333373338333333333333333' +
      '0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8' +
      'feffffffffff' +
      'ffffffffffff' +
      '010000000080' +
      'ffffffff' +
      'feffffff' +
      '01' +
      '04' +
      Buffer.from('dra. Peña 医').toString('hex'),
  );
});

test('the keys of events sort by consultation, then by version', () => {
  const first = uuidBytes('01999999-1111-7111-8111-111111111111');
  const second = uuidBytes('01999999-1111-7111-8111-111111111112');
  const keys = [
    eventKey(first, 1),
    eventKey(first, 255),
    eventKey(first, 256),
    eventKey(first, 0xffff_fffe),
    eventKey(second, 1),
  ];
  assert.deepEqual([...keys].reverse().sort(Buffer.compare), keys);
});
