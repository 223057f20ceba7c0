/** Texts of events in the dictionary of a segment, whatever stands beside them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLink, GENESIS_HASH } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { ByteColumn } from '../../src/segments/byte-column.js';
import { TextDictionary } from '../../src/segments/text-dictionary.js';

const nextId = uuidV7Generator(Buffer.alloc(10));

function linkOf([source = '', timezone = '', userId = '']: readonly string[]): Buffer {
  const id = nextId(1_700_000_000_000);
  const ids = { eventId: id, consultationId: id, sessionId: id };
  const event = { ...ids, timestampMs: 1, version: 1, type: 'CORE_ERROR_OCCURRED', payload: '{}' } as const;
  return encodeLink({ ...event, source, timezone, userId }, GENESIS_HASH);
}

test('each text is there once, and texts that differ only in where they end are told apart', () => {
  const text = new ByteColumn();
  const end = new ByteColumn();
  const dictionary = new TextDictionary(text, end);
  const all = [
    ['api', 'UTC', 'ana'],
    ['api', 'UTC', 'ana'],
    ['ap', 'iUTC', 'ana'],
    ['api', 'UTCa', 'na'],
    ['', '', ''],
    ['', '', ''],
    ['api', 'UTC', 'müller'],
    ['api', 'UTC', 'ana'],
  ];
  const rows = all.map((texts) => dictionary.rowsOf(linkOf(texts)));
  const stored: string[] = [];
  let start = 0;
  for (let at = 0; at < end.length; at += 8) {
    const to = end.front(end.length).readUInt32LE(at);
    stored.push(text.front(text.length).toString('utf8', start, to));
    start = to;
  }
  assert.deepEqual(
    rows.map(({ source, timezone, user }) => [stored[source], stored[timezone], stored[user]]),
    all,
  );
  assert.equal(new Set(stored).size, stored.length);
});
