/** What a refused write leaves behind: nothing of what was refused, and all of what was acknowledged. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { monotonicClock } from '../../src/domain/clock.js';
import { limits } from '../../src/domain/limits.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { Feed } from '../../src/feed/feed.js';
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import { IndexWriter } from '../../src/index/index-writer.js';
import { FileLog } from '../../src/log/file-log.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { createStageTimers } from '../../src/ops/stage-timers.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import { EventFinder } from '../../src/store/event-finder.js';
import { feedSource } from '../../src/store/feed-history.js';
import { LocalEventStore } from '../../src/store/local-event-store.js';
import { RecentEvents } from '../../src/store/recent-events.js';
import { StateReader } from '../../src/store/state-reader.js';
import { diskError, type Faults, faultyDisk } from '../support/faulty-disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** The real store over a disk that fails when told to, with an index that takes in events when told to. */
async function openStore(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const faults: Faults = {};
  const writer = await IndexWriter.open(join(directory, 'index'));
  const reader = await ConsultationIndex.open(join(directory, 'index'));
  assert.ok(writer.kind === 'open' && reader.kind === 'open');
  const index = reader.index;
  const log = await FileLog.open({
    disk: faultyDisk(nodeDisk, faults),
    directory: join(directory, 'journal'),
    durability: 'fsync',
    roll: { events: 1e9, bytes: 1e9, ageMs: 1e12 },
    firstSequence: 1,
    indexedVersion: (id) => index.head(id)?.version ?? 0,
  });
  const archive = await SegmentArchive.open({ disk: nodeDisk, directory: join(directory, 'segments') });
  const finder = new EventFinder(log, index, archive, new RecentEvents());
  const feed = new Feed(feedSource(log, finder));
  log.subscribe({ committed: () => feed.committed() });
  const trail = await AuditTrail.open({
    disk: nodeDisk,
    directory: join(directory, 'audit'),
    onFailed: () => {},
  });
  const store = new LocalEventStore({
    trail,
    durability: 'fsync',
    log,
    finder,
    feed,
    states: new StateReader({ finder, index, keepSnapshot: () => {} }),
    clock: monotonicClock(),
    nextId: uuidV7Generator(),
    timers: createStageTimers(),
    keysKeptMs: 60_000,
    indexCaughtUp: async () => {},
    indexWithin: async () => {},
    health: () => ({ ready: true, headSequence: log.headSequence, details: {} }),
    close: async () => {
      await log.close();
      await index.close();
      await writer.index.close();
      await archive.close();
    },
  });
  t.after(() => store.close());
  const catchUp = async (): Promise<void> => {
    for await (const links of log.scan(writer.index.appliedSequence + 1)) writer.index.apply(links);
    finder.indexed(log.headSequence);
    log.indexed(log.headSequence);
  };
  const say = (consultationId: string, text: string) => {
    const payload = { message_content: text, message_role: 'user' };
    const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
    return store.append({ consultationId, userId: 'dr', source: 'test', events });
  };
  return { store, faults, catchUp, say, finder };
}

describe('after a refused write', () => {
  it('an event that the index took in meanwhile stays readable, and the next one builds on it', async (t) => {
    const { store, faults, catchUp, say } = await openStore(t);
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    await catchUp();
    await say(consultationId, 'acknowledged');
    let caughtUp: Promise<void> = Promise.resolve();
    faults.beforeWrite = () => {
      caughtUp = catchUp();
      throw diskError('ENOSPC');
    };
    await assert.rejects(say(consultationId, 'refused'), { code: 'STORAGE_FULL' });
    await caughtUp;
    delete faults.beforeWrite;
    const page = await store.events({ consultationId, offset: 0, limit: 10 });
    assert.equal(page.eventCount, 2);
    assert.match(page.eventsJson[1] ?? '', /"acknowledged"/);
    assert.equal((await say(consultationId, 'next')).events[0]?.version, 3);
  });

  it('everything that waited is refused with it, and what was decided on it is decided anew', async (t) => {
    const { store, faults, say } = await openStore(t);
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    faults.beforeWrite = () => {
      delete faults.beforeWrite;
      throw diskError('ENOSPC');
    };
    const commit = {
      type: 'CONSULTATION_COMMITTED' as const,
      payload: {
        soap_data: {},
        committed_by: 'dr',
        commit_hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
        quality_score: 1,
        completeness: 90,
        nom_compliance: 95,
      },
    };
    const refused = store.append({ consultationId, userId: 'dr', source: 'test', events: [commit] });
    // It would be refused after a commit, but that commit is never stored.
    const later = say(consultationId, 'still open');
    await assert.rejects(refused, { code: 'STORAGE_FULL' });
    assert.equal((await later).events[0]?.version, 2);
    assert.equal((await store.state(consultationId)).is_committed, false);
  });

  it('nobody is refused what a log that failed may have stored', async (t) => {
    const { store, faults } = await openStore(t);
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    faults.beforeWrite = () => {
      throw diskError('EIO');
    };
    const say = (expectedVersion: number) => {
      const payload = { message_content: 'in the block that failed', message_role: 'user' };
      const events = [{ type: 'MESSAGE_RECEIVED' as const, payload }];
      return store.append({ consultationId, userId: 'dr', source: 'test', events, expectedVersion });
    };
    // The second builds on the first, and goes into the same block. That is there after the next start, or is not.
    const outcomes = await Promise.allSettled([say(1), say(2), say(3)]);
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
    assert.deepEqual(codes, ['LOG_UNAVAILABLE', 'LOG_UNAVAILABLE', 'LOG_UNAVAILABLE']);
    await assert.rejects(say(2), { code: 'LOG_UNAVAILABLE' });
  });

  it('those who follow never see what was refused, nor what is written and not yet durable', async (t) => {
    const { store, faults, say } = await openStore(t);
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    const feed = await store.follow({ from: 'next', endsAtHead: false });
    await feed.next();
    let hasCome = false;
    const next = feed.next().then(({ value }) => {
      hasCome = true;
      return value?.events.map(({ json }) => JSON.parse(json).payload.message_content);
    });
    faults.beforeWrite = () => {
      delete faults.beforeWrite;
      throw diskError('ENOSPC');
    };
    await assert.rejects(say(consultationId, 'refused'), { code: 'STORAGE_FULL' });
    faults.beforeWrite = () => {
      assert.equal(hasCome, false);
      delete faults.beforeWrite;
    };
    await say(consultationId, 'stored');
    assert.deepEqual(await next, ['stored']);
    await feed.return?.();
  });

  it('an event_id that was refused in one consultation is free for another', async (t) => {
    const { store, faults } = await openStore(t);
    const [one, other] = [
      await store.create({ userId: 'dr', source: 'test' }),
      await store.create({ userId: 'dr', source: 'test' }),
    ];
    const eventId = uuidV7Generator()(Date.now());
    const payload = { message_content: 'text', message_role: 'user' };
    const events = [{ type: 'MESSAGE_RECEIVED' as const, payload, eventId }];
    faults.beforeWrite = () => {
      delete faults.beforeWrite;
      throw diskError('ENOSPC');
    };
    const { consultationId } = one;
    const refused = store.append({ consultationId, userId: 'dr', source: 'test', events });
    const later = store.append({
      consultationId: other.consultationId,
      userId: 'dr',
      source: 'test',
      events,
    });
    await assert.rejects(refused, { code: 'STORAGE_FULL' });
    assert.equal((await later).events[0]?.eventId, eventId);
  });

  it('a key that was refused is free, also for who sent it at the same time', async (t) => {
    const { store, faults } = await openStore(t);
    const idempotencyKey = { key: 'k' };
    const command = { userId: 'dr', source: 'test', idempotencyKey };
    const failOnce = (): void => {
      faults.beforeWrite = (_path, data) => {
        // The first block of a journal brings room with it, and is tried again without.
        if (data.length < limits.journalRoomBytes / 2) delete faults.beforeWrite;
        throw diskError('ENOSPC');
      };
    };
    failOnce();
    const refusedStart = store.create(command);
    const laterStart = store.create(command);
    await assert.rejects(refusedStart, { code: 'STORAGE_FULL' });
    const { consultationId, replayed } = await laterStart;
    assert.equal(replayed, false);
    failOnce();
    const payload = { message_content: 'text', message_role: 'user' };
    const append = { ...command, consultationId, events: [{ type: 'MESSAGE_RECEIVED' as const, payload }] };
    const refused = store.append(append);
    const other = store.append({ ...append, userId: 'another' });
    await assert.rejects(refused, { code: 'STORAGE_FULL' });
    assert.equal((await other).replayed, false, 'it is decided anew, and then the only one with the key');
    await assert.rejects(store.append(append), { code: 'IDEMPOTENCY_KEY_REUSED' });
    assert.equal((await store.health()).headSequence, 2);
  });

  it('nothing of a storm of refusals is left in memory', async (t) => {
    const { store, faults, say, finder } = await openStore(t);
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    faults.beforeWrite = () => {
      throw diskError('ENOSPC');
    };
    const before = finder.recent.size;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 3000 }, (_, i) => say(consultationId, `${i}`)),
    );
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(finder.recent.size, before);
  });
});
