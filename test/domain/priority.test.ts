import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../src/domain/event.js';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { limits } from '../../src/domain/limits.js';
import { priorityOf, priorityOfBytes } from '../../src/domain/priority.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from './test-seed.js';

const event = (event_type: string, payload: Json = {}): Json => ({ event_type, payload, user_id: 'dr' });

test('knows alerts, commits and high urgency from all the rest', () => {
  const critical = EVENT_TYPES.filter((type) => priorityOf(event(type)) === 'critical');
  assert.deepEqual(critical.sort(), ['CONSULTATION_COMMITTED', 'CRITICAL_PATTERN_DETECTED']);
  for (const [level, expected] of [
    ['critical', 'critical'],
    ['high', 'critical'],
    ['medium', 'routine'],
    ['low', 'routine'],
    [['high'], 'routine'],
  ] as const) {
    const payload = { urgency_level: level as Json };
    assert.equal(priorityOf(event('URGENCY_CLASSIFIED', payload)), expected, String(level));
  }
  assert.equal(priorityOf(event('MESSAGE_RECEIVED', { urgency_level: 'critical' })), 'routine');
});

test('takes an array for as critical as the most critical event in it', () => {
  const message = event('MESSAGE_RECEIVED');
  assert.equal(priorityOf([message, event('CRITICAL_PATTERN_DETECTED')]), 'critical');
  assert.equal(priorityOf([message, message]), 'routine');
  assert.equal(priorityOf([[event('CRITICAL_PATTERN_DETECTED')]]), 'routine');
});

test('takes whatever is no event for routine', () => {
  for (const body of [null, 7, 'CRITICAL_PATTERN_DETECTED', {}, [], [null], { event_type: null }]) {
    assert.equal(priorityOf(body), 'routine');
  }
  for (const text of ['', '{"event_type":"CRITICAL_PATTERN_DETECTED"', '\u00ff\u0000']) {
    assert.equal(priorityOfBytes(Buffer.from(text, 'latin1')), 'routine');
  }
});

test('is not fooled by a type that is named elsewhere', () => {
  const quoting = event('MESSAGE_RECEIVED', { message_content: '"event_type":"CRITICAL_PATTERN_DETECTED"' });
  const nested = event('AUDIT_ENTRY_CREATED', { event_type: 'CONSULTATION_COMMITTED' });
  for (const body of [quoting, nested]) {
    assert.equal(priorityOfBytes(Buffer.from(JSON.stringify(body))), 'routine');
  }
});

test('finds in bytes what it finds in the value, however its characters are escaped', (t) => {
  const seed = testSeed(t);
  const random = seededRandom(seed);
  const payloads: Json[] = [{}, { urgency_level: 'high' }, { urgency_level: 'low', text: 'niña \\ "x" 😀' }];
  for (let round = 0; round < 2000; round += 1) {
    const type = EVENT_TYPES[integerBetween(random, 0, EVENT_TYPES.length - 1)] as string;
    const body = event(type, payloads[round % payloads.length] as Json);
    const escaped = JSON.stringify(body).replaceAll(/[A-Za-z_é-ÿ]/g, (letter) => {
      const hex = letter.charCodeAt(0).toString(16).padStart(4, '0');
      return random() < 0.1 ? `\\u${random() < 0.5 ? hex : hex.toUpperCase()}` : letter;
    });
    const bytes = Buffer.from(`xx${escaped}yy`);
    assert.equal(priorityOfBytes(bytes, 2, bytes.length - 2), priorityOf(body), escaped);
  }
});

test('believes a large body that names a critical type, and parses none', () => {
  const text = '.'.repeat(limits.largeBodyBytesMin);
  const bytesOf = (content: string) => Buffer.from(JSON.stringify(event('MESSAGE_RECEIVED', { content })));
  assert.equal(priorityOfBytes(bytesOf(text)), 'routine');
  assert.equal(priorityOfBytes(bytesOf(`${text} URGENCY_CLASSIFIED`)), 'critical');
});
