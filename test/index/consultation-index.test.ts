import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypeCode } from '../../src/domain/event-types.js';
import { makeLinks } from '../support/links.js';
import { expectedOf, indexDirectory, openReader, openWriter } from './support.js';

const UNKNOWN_ID = '0199aaaa-0000-7000-8000-000000000000';
const LINKS = [...makeLinks({ consultations: 5, events: 500, seed: 11 })];

test('gives the events of a consultation from a version on, and no more than asked for', async (t) => {
  const directory = await indexDirectory(t);
  (await openWriter(t, directory)).apply(LINKS);
  const reader = await openReader(t, directory);
  for (const [id, { entries }] of expectedOf(LINKS)) {
    assert.deepEqual(reader.entries(id, 1, 10), entries.slice(0, 10));
    assert.deepEqual(reader.entries(id, 4, 3), entries.slice(3, 6));
    assert.deepEqual(reader.entries(id, entries.length, 100), entries.slice(-1));
    assert.deepEqual(reader.entries(id, entries.length + 1, 100), []);
    assert.deepEqual(reader.entries(id, 1, 0), []);
  }
});

test('gives the events of one type, by an offset that counts only these', async (t) => {
  const directory = await indexDirectory(t);
  (await openWriter(t, directory)).apply(LINKS);
  const reader = await openReader(t, directory);
  for (const [id, { entries }] of expectedOf(LINKS)) {
    for (const type of ['CONSULTATION_STARTED', 'MESSAGE_RECEIVED', 'URGENCY_CLASSIFIED'] as const) {
      const code = eventTypeCode(type);
      const ofType = entries.filter(({ typeCode }) => typeCode === code);
      assert.deepEqual(reader.entriesOfType(id, code, 0, 1000), ofType);
      assert.deepEqual(reader.entriesOfType(id, code, 1, 2), ofType.slice(1, 3));
      assert.deepEqual(reader.entriesOfType(id, code, ofType.length, 2), []);
      assert.deepEqual(reader.entriesOfType(id, code, 0, 0), []);
    }
  }
});

test('knows nothing of ids that are not there', async (t) => {
  const directory = await indexDirectory(t);
  (await openWriter(t, directory)).apply(LINKS);
  const reader = await openReader(t, directory);
  assert.equal(reader.head(UNKNOWN_ID), undefined);
  assert.equal(reader.locate(UNKNOWN_ID), undefined);
  assert.deepEqual(reader.entries(UNKNOWN_ID, 1, 10), []);
  assert.deepEqual(reader.entriesOfType(UNKNOWN_ID, 1, 0, 10), []);
});

test('refuses reads after it was closed', async (t) => {
  const reader = await openReader(t, await indexDirectory(t));
  await reader.close();
  assert.throws(() => reader.head(UNKNOWN_ID));
});
