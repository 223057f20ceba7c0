import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { EVENT_TYPES, eventTypeCode } from '../../src/domain/event-types.js';
import { foldEvents } from '../../src/domain/fold.js';
import { limits } from '../../src/domain/limits.js';
import { consultationIn } from '../../src/domain/state-text.js';
import { encodeLink, GENESIS_HASH, type SequencedLink, sha256Latin1 } from '../../src/domain/stored-event.js';
import type { IndexEntry } from '../../src/index/index-layout.js';
import { readSnapshot } from '../../src/index/snapshot-layout.js';
import { StateReader } from '../../src/store/state-reader.js';
import {
  buildConsultation,
  CONSULTATION_ID,
  type EventSpec,
  eventId,
  examplePayload,
  SESSION_ID,
} from '../domain/consultation-builder.js';
import { testSeed } from '../domain/test-seed.js';

/** A consultation's history of which so many events are durable, and what a reader asks of it. */
class History {
  durable = 1;
  /** Versions read from the log or the archive. */
  readonly read: number[] = [];
  snapshots: Uint8Array[] = [];
  failNextLinks = false;
  private readonly links: SequencedLink[] = [];
  private readonly entries: IndexEntry[] = [];

  constructor(readonly events: readonly ConsultationEvent[]) {
    let hash = GENESIS_HASH;
    for (const { event_id, version, event_type, payload, timestamp } of events) {
      const link = encodeLink(
        {
          eventId: event_id,
          consultationId: CONSULTATION_ID,
          sessionId: SESSION_ID,
          timestampMs: Date.parse(timestamp),
          version,
          type: event_type,
          source: 'test',
          timezone: 'UTC',
          userId: 'dr-test',
          payload: canonicalJson(payload),
        },
        hash,
      );
      hash = sha256Latin1(link);
      this.links.push({ sequence: version, link });
      this.entries.push({ version, sequence: version, typeCode: eventTypeCode(event_type), hash });
    }
  }

  /** A reader as after a start: it knows nothing but the newest snapshot. */
  reader(): StateReader {
    return new StateReader({
      finder: {
        durableVersion: () => this.durable,
        entries: (_, from, to) => this.entries.slice(from - 1, Math.min(to, this.durable)),
        links: async (_, entries) => {
          if (this.failNextLinks) {
            this.failNextLinks = false;
            throw new Error('the disk fails');
          }
          this.read.push(...entries.map(({ version }) => version));
          return entries.map(({ version }) => this.links[version - 1] as SequencedLink);
        },
      },
      index: {
        snapshot: () => {
          const newest = this.snapshots.at(-1);
          return newest && readSnapshot(Buffer.from(newest));
        },
      },
      keepSnapshot: (_, value) => this.snapshots.push(value),
    });
  }

  expected(version: number): unknown {
    return foldEvents(structuredClone(this.events.slice(0, version))).state;
  }
}

async function stateOf(reader: StateReader, version: number): Promise<unknown> {
  const { json, version: at } = await reader.text(CONSULTATION_ID, version);
  const state = consultationIn(json.toString());
  assert.equal(state.version, at);
  return state;
}

const message = (index: number): EventSpec => [
  'MESSAGE_RECEIVED',
  { message_content: `text ${index}`, message_role: 'user' },
];
const manyMessages = (count: number): History =>
  new History(buildConsultation(Array.from({ length: count - 1 }, (_, index) => message(index))));

const LATER_TYPES = EVENT_TYPES.filter((type) => type !== 'CONSULTATION_STARTED');

/** Mostly messages and what is done to them; some clear the list, some start the state anew. */
const specArbitrary = fc
  .record({
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('MESSAGE_RECEIVED', 'MESSAGE_UPDATED', 'MESSAGE_DELETED') },
      { weight: 2, arbitrary: fc.constantFrom(...LATER_TYPES) },
    ),
    target: fc.nat(300),
    word: fc.string({ minLength: 1, unit: 'binary' }),
  })
  .map(({ type, target, word }): EventSpec => {
    const payload = examplePayload(type as (typeof LATER_TYPES)[number]);
    if ('message_id' in payload) payload.message_id = eventId(target + 2);
    if ('message_content' in payload) payload.message_content = word;
    return [type as (typeof LATER_TYPES)[number], payload];
  });

describe('reading states', () => {
  it('gives the fold of all events, whatever was read before, with snapshots and without', async (t) => {
    const scripts = fc.array(specArbitrary, { minLength: 150, maxLength: 400 });
    const reads = fc.array(fc.record({ events: fc.integer({ min: 0, max: 150 }), restart: fc.boolean() }), {
      minLength: 4,
      maxLength: 8,
    });
    let snapshots = 0;
    const property = fc.asyncProperty(scripts, reads, async (specs, steps) => {
      const history = new History(buildConsultation(specs, { age: 40 }));
      let reader = history.reader();
      for (const { events, restart } of steps) {
        history.durable = Math.min(history.durable + events, history.events.length);
        if (restart) reader = history.reader();
        const expected = history.expected(history.durable);
        assert.deepEqual(await stateOf(reader, history.durable), expected);
        assert.deepEqual(await reader.state(CONSULTATION_ID, history.durable), expected);
      }
      snapshots += history.snapshots.length;
    });
    await fc.assert(property, { seed: testSeed(t), numRuns: 30 });
    assert.ok(snapshots > 10, `${snapshots} snapshots took part`);
  });

  it('reads only what came after the snapshot', async () => {
    const history = manyMessages(300);
    history.durable = 200;
    await stateOf(history.reader(), 200);
    assert.equal(history.snapshots.length, 1);
    history.durable = 210;
    history.read.length = 0;
    assert.deepEqual(await stateOf(history.reader(), 210), history.expected(210));
    assert.deepEqual(
      history.read,
      Array.from({ length: 10 }, (_, index) => 201 + index),
    );
  });

  it('gives a snapshot of the newest event without reading any', async () => {
    const history = manyMessages(100);
    history.durable = 100;
    const before = await history.reader().text(CONSULTATION_ID, 100);
    history.read.length = 0;
    assert.deepEqual(await history.reader().text(CONSULTATION_ID, 100), before);
    assert.deepEqual(history.read, []);
  });

  it('makes the text of a state once', async () => {
    const history = manyMessages(10);
    history.durable = 10;
    const reader = history.reader();
    const first = await reader.text(CONSULTATION_ID, 10);
    assert.equal((await reader.text(CONSULTATION_ID, 10)).json, first.json);
  });

  it('writes snapshots in proportion to the events, not for each read', async () => {
    const history = manyMessages(3000);
    const reader = history.reader();
    for (; history.durable < 3000; history.durable += 1) await reader.text(CONSULTATION_ID, history.durable);
    const messagesWritten = history.snapshots
      .map((value) => readSnapshot(Buffer.from(value))?.version ?? 0)
      .reduce((sum, version) => sum + version, 0);
    assert.ok(history.snapshots.length >= 10, `${history.snapshots.length} snapshots`);
    assert.ok(messagesWritten < 3000 / limits.snapshotVersionShare + 3000, `${messagesWritten} messages`);
  });

  it('folds each event once for many readers at the same time', async () => {
    const history = manyMessages(2500);
    history.durable = 2500;
    const reader = history.reader();
    const states = await Promise.all([
      ...Array.from({ length: 5 }, () => stateOf(reader, 2500)),
      reader.state(CONSULTATION_ID, 2500),
    ]);
    for (const state of states) assert.deepEqual(state, history.expected(2500));
    assert.equal(history.read.length, 2500);
  });

  it('gives a reader the version that it asked for, though an older one is being read', async () => {
    const history = manyMessages(50);
    history.durable = 40;
    const reader = history.reader();
    const older = reader.text(CONSULTATION_ID, 40);
    history.durable = 50;
    assert.equal((await reader.text(CONSULTATION_ID, 50)).version, 50);
    await older;
  });

  it('starts anew after a read that failed half-way', async () => {
    const history = manyMessages(100);
    history.durable = 60;
    const reader = history.reader();
    await stateOf(reader, 60);
    history.durable = 100;
    history.failNextLinks = true;
    await assert.rejects(reader.text(CONSULTATION_ID, 100), /the disk fails/);
    assert.deepEqual(await stateOf(reader, 100), history.expected(100));
  });
});
