/** The index knows keys for their time, forgets them after it, and never much at once. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { appendKeyDigest } from '../../src/domain/append-key.js';
import { encodeLink, GENESIS_HASH, type SequencedLink, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { openIndexTables } from '../../src/index/index-tables.js';
import { IndexWriter } from '../../src/index/index-writer.js';
import { indexDirectory, opened, openReader } from './support.js';

const HOUR_MS = 3_600_000;
const START_MS = 1_760_000_000_000;
const nextId = uuidV7Generator();
const digestOf = (name: string): string => appendKeyDigest({}, name);

/** Events of one consultation, each at a time and with a key or none. */
class KeyedLinks {
  readonly consultationId = nextId(START_MS);
  private hash = GENESIS_HASH;
  private version = 0;

  next(timestampMs: number, key?: string): SequencedLink {
    this.version += 1;
    const link = encodeLink(
      {
        eventId: nextId(timestampMs),
        consultationId: this.consultationId,
        sessionId: this.consultationId,
        timestampMs,
        version: this.version,
        type: this.version === 1 ? 'CONSULTATION_STARTED' : 'MESSAGE_RECEIVED',
        source: 'test',
        timezone: 'UTC',
        userId: 'dr',
        key: key === undefined ? undefined : { digest: digestOf(key), events: 3 },
        payload: '{}',
      },
      this.hash,
    );
    this.hash = sha256Latin1(link);
    return { sequence: this.version, link };
  }
}

async function openWriter(t: TestContext, directory: string, sinceMs = 0): Promise<IndexWriter> {
  const writer = opened(await IndexWriter.open(directory, undefined, { keptMs: HOUR_MS, sinceMs }));
  t.after(() => writer.close());
  return writer;
}

/** How many keys the index has, and how many times of them. */
async function sizes(directory: string): Promise<[number, number]> {
  const { environment, keys, keyTimes } = opened(await openIndexTables(directory));
  const all = (bytes: number): [Buffer, Buffer] => [Buffer.alloc(bytes), Buffer.alloc(bytes, 0xff)];
  const counts: [number, number] = [[...keys.keys(...all(16))].length, [...keyTimes.keys(...all(12))].length];
  await environment.close();
  return counts;
}

test('a key leads to the first event of its append', async (t) => {
  const directory = await indexDirectory(t);
  const links = new KeyedLinks();
  (await openWriter(t, directory)).apply([links.next(START_MS), links.next(START_MS + 5, 'k')]);
  const reader = await openReader(t, directory);
  const { consultationId } = links;
  assert.deepEqual(reader.keyed(digestOf('k')), {
    consultationId,
    version: 2,
    events: 3,
    timestampMs: START_MS + 5,
    sequence: 2,
  });
  assert.equal(reader.keyed(digestOf('another')), undefined);
});

test('a key is forgotten once an event is later than its time, and not before', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  const links = new KeyedLinks();
  writer.apply([links.next(START_MS, 'k')]);
  writer.apply([links.next(START_MS + HOUR_MS)]);
  assert.deepEqual(await sizes(directory), [1, 1]);
  writer.apply([links.next(START_MS + HOUR_MS + 1)]);
  assert.deepEqual(await sizes(directory), [0, 0]);
});

test('a key that was used again after its time stays known by its newer use', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  const links = new KeyedLinks();
  writer.apply([links.next(START_MS, 'k')]);
  writer.apply([links.next(START_MS + HOUR_MS + 1, 'k')]);
  assert.deepEqual(await sizes(directory), [1, 1]);
  assert.equal((await openReader(t, directory)).keyed(digestOf('k'))?.version, 2);
});

test('forgets a few at a time, yet more than can come', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  const links = new KeyedLinks();
  writer.apply(Array.from({ length: 1000 }, (_, i) => links.next(START_MS, `old ${i}`)));
  let before = 1000;
  for (let i = 0; before > 1; i += 1) {
    writer.apply([links.next(START_MS + 2 * HOUR_MS + i * HOUR_MS * 2, `new ${i}`)]);
    const [keys, times] = await sizes(directory);
    assert.equal(keys, times);
    assert.ok(keys < before && keys >= before - 102, `${before} became ${keys}`);
    before = keys;
  }
});

test('a rebuild passes over keys whose time was over before it began', async (t) => {
  const directory = await indexDirectory(t);
  const links = new KeyedLinks();
  const all = [links.next(START_MS, 'old'), links.next(START_MS + 1, 'new')];
  (await openWriter(t, directory, START_MS + 1)).apply(all);
  assert.deepEqual(await sizes(directory), [1, 1]);
  assert.equal((await openReader(t, directory)).keyed(digestOf('old')), undefined);
});
