/** Lines that are made as bytes, against the text that the API gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendKeyDigest } from '../../src/domain/append-key.js';
import { EventLines, eventLines } from '../../src/domain/event-lines.js';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { packLinks } from '../../src/domain/packed-links.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import {
  encodeLink,
  eventJsonOfLink,
  GENESIS_HASH,
  type SequencedLink,
  sha256Latin1,
} from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { testSeed } from './test-seed.js';

/** Texts that JSON has to escape, or that take several bytes, or that could be taken for another field's. */
const TEXTS = [
  '',
  'api',
  'UTC',
  'América/Mérida',
  '頭痛 🤒',
  'a"b\\c',
  'tab\tnew\nline',
  '\u0000\u001f\u007f\u2028',
  'x'.repeat(80),
];
/** The first and the last of what a record can hold, both sides of a minute and of 2^31 seconds, a year of five digits. */
const TIMES_MS = [0, 59_999, 60_000, 1_760_000_000_000, 2 ** 31 * 1000, 253_402_300_800_000, 2 ** 48 - 1];
const SEQUENCES = [1, 9, 10, 99_999, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 1000];
const VERSIONS = [1, 9, 10, 12_345, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function randomPayload(random: Random): string {
  const text = (): string => pickOne(random, TEXTS).repeat(integerBetween(random, 0, 3));
  const value = { [text()]: text(), list: [text(), 1e21, -0.5, null, true], nested: { text: text() } };
  return JSON.stringify(integerBetween(random, 0, 40) === 0 ? { large: text().repeat(2000) } : value);
}

/** Links of a few consultations, of all types; some sessions, users and places change from event to event. */
function randomLinks(seed: number, count: number): SequencedLink[] {
  const random = seededRandom(seed);
  const nextId = uuidV7Generator(Uint8Array.from({ length: 10 }, () => integerBetween(random, 0, 255)));
  const ids = Array.from({ length: 6 }, () => nextId(pickOne(random, TIMES_MS)));
  const first = pickOne(random, SEQUENCES);
  let previousHash = GENESIS_HASH;
  return Array.from({ length: count }, (_, index) => {
    const isKeyed = integerBetween(random, 0, 4) === 0;
    const timestampMs =
      pickOne(random, TIMES_MS) - integerBetween(random, 0, 1) * integerBetween(random, 0, 90_000);
    const link = encodeLink(
      {
        eventId: nextId(Math.max(0, timestampMs)),
        consultationId: pickOne(random, ids),
        sessionId: pickOne(random, ids),
        timestampMs: Math.max(0, timestampMs),
        version: pickOne(random, VERSIONS),
        type: EVENT_TYPES[index % EVENT_TYPES.length] ?? 'MESSAGE_RECEIVED',
        source: pickOne(random, TEXTS),
        timezone: pickOne(random, TEXTS),
        userId: pickOne(random, TEXTS),
        key: isKeyed
          ? { digest: appendKeyDigest({}, `${index}`), events: integerBetween(random, 1, 0xffff) }
          : undefined,
        payload: randomPayload(random),
      },
      previousHash,
    );
    previousHash = sha256Latin1(link);
    return { sequence: first + index, link };
  });
}

const expected = (links: readonly SequencedLink[]): string =>
  links.map((link) => `${eventJsonOfLink(link)}\n`).join('');

test('a line made as bytes is the text of the event, whatever is in it', (t) => {
  const seed = testSeed(t);
  for (let round = 0; round < 10; round += 1) {
    const links = randomLinks(seed + round, 300);
    assert.equal(eventLines(links).toString(), expected(links));
  }
});

test('lines are the same whatever was written before, and with hashes that were computed elsewhere', (t) => {
  const seed = testSeed(t);
  const lines = new EventLines();
  for (let round = 0; round < 10; round += 1) {
    const links = randomLinks(seed + round, 50);
    const hashes = Buffer.concat(links.map(({ link }) => Buffer.from(sha256Latin1(link), 'latin1')));
    const pack = { ...packLinks(links), hashes };
    lines.start(round);
    for (const [index, { sequence }] of links.entries()) lines.add(pack, index, sequence);
    assert.equal(lines.taken().toString(), expected(links));
  }
});

test('texts that differ only in where one ends and the next begins are not taken for each other', () => {
  const id = uuidV7Generator()(1_760_000_000_000);
  const base = { eventId: id, consultationId: id, sessionId: id, timestampMs: 1, version: 1, payload: '{}' };
  const texts = [
    ['ab', 'c', 'd'],
    ['a', 'bc', 'd'],
    ['a', 'b', 'cd'],
    ['a', 'b', 'c'],
  ] as const;
  const links = texts.map(([source, timezone, userId], index) => ({
    sequence: index + 1,
    link: encodeLink({ ...base, type: 'CORE_ERROR_OCCURRED', source, timezone, userId }, GENESIS_HASH),
  }));
  assert.equal(eventLines(links).toString(), expected(links));
});
