/** The ids of an import: the same for the same content, on any machine, and different otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importIds } from '../../src/cli/import-ids.js';
import { isUuidV7, uuidTimeMs } from '../../src/domain/uuid.js';

const LINE = { id: 'a-1', source: 'test', messages: [{ role: 'patient', text: 'Me duele la cabeza.' }] };

/** Computed by a program of its own, in another language, from the derivation that import-ids.ts describes. */
const EXPECTED = [
  '00000000-0000-77a9-899d-ab752787ec9a',
  '00000000-0000-77a9-899d-ab752787ec9b',
  '00000000-0000-77a9-899d-ab752787ed9c',
];

test('derives the ids that were derived before', () => {
  const ids = importIds(LINE);
  assert.deepEqual([ids.consultationId, ids.eventId(1), ids.eventId(258)], EXPECTED);
});

test('ignores the order of keys', () => {
  const { id, source, messages } = LINE;
  assert.equal(importIds({ messages, source, id }).consultationId, importIds(LINE).consultationId);
});

test('gives another consultation for any other content', () => {
  const variants = [
    LINE,
    { ...LINE, id: 'a-2' },
    { ...LINE, source: 'other' },
    { ...LINE, note: '' },
    { ...LINE, messages: [{ role: 'patient', text: 'Me duele la cabeza' }] },
    { ...LINE, messages: [{ role: 'clinician', text: 'Me duele la cabeza.' }] },
  ];
  assert.equal(new Set(variants.map((line) => importIds(line).consultationId)).size, variants.length);
});

test('derives valid UUIDv7s without a time, events in order and none of them twice', () => {
  const seen = new Set<string>();
  for (let line = 0; line < 500; line += 1) {
    const ids = importIds({ ...LINE, id: `a-${line}` });
    let previous = ids.consultationId;
    for (const id of [previous, ...Array.from({ length: 40 }, (_, index) => ids.eventId(index + 1))]) {
      assert.ok(isUuidV7(id), id);
      assert.equal(uuidTimeMs(id), 0);
      assert.ok(id >= previous, 'ids of later events are greater');
      seen.add(id);
      previous = id;
    }
  }
  assert.equal(seen.size, 500 * 41);
});

test('an id is the sum of the consultation and the version', () => {
  const number = (id: string): bigint => BigInt(`0x${id.replaceAll('-', '')}`);
  const ids = importIds(LINE);
  for (const version of [1, 2, 255, 256, 65_536, 2 ** 31]) {
    assert.equal(number(ids.eventId(version)), number(ids.consultationId) + BigInt(version));
  }
});
