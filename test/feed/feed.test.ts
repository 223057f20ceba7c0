import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ALL_TYPES, typeMask } from '../../src/domain/event-type-mask.js';
import type { FeedBatch } from '../../src/domain/feed.js';
import { limits } from '../../src/domain/limits.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { Feed } from '../../src/feed/feed.js';
import type { FeedFilter } from '../../src/feed/feed-source.js';
import type { Subscription } from '../../src/feed/subscription.js';
import { testSeed } from '../domain/test-seed.js';
import { makeLinks } from '../support/links.js';
import { type GrowingSource, growingSource, takes } from './growing-source.js';

const EVERYTHING: FeedFilter = { consultationId: undefined, typeMask: ALL_TYPES };

function setUp({ events = 1000, head = 0, seed = 1 } = {}) {
  const links = [...makeLinks({ consultations: 20, events, seed })];
  const source = growingSource(links, 64);
  source.head = head;
  const feed = new Feed(source);
  const grow = (count: number): void => {
    source.head = Math.min(links.length, source.head + count);
    feed.committed();
  };
  return { links, source, feed, grow };
}

async function nextBatch(subscription: Subscription): Promise<FeedBatch> {
  const { value, done } = await subscription.next();
  assert.ok(!done);
  return value;
}

async function started(feed: Feed, filter: FeedFilter, from: number): Promise<Subscription> {
  const subscription = feed.follow(filter, from);
  assert.deepEqual(await nextBatch(subscription), { events: [], through: from - 1 });
  return subscription;
}

describe('the feed', () => {
  it('reads and encodes what is new once for all who follow the same, and gives them the same objects', async () => {
    const { feed, source, grow, links } = setUp();
    const consultationId = new LinkView((links[0] as SequencedLink).link).consultationId;
    const all = await Promise.all(Array.from({ length: 100 }, () => started(feed, EVERYTHING, 1)));
    const one = await started(feed, { consultationId, typeMask: ALL_TYPES }, 1);
    const batches = Promise.all(all.map(nextBatch));
    const own = nextBatch(one);
    grow(10);
    const [first, ...others] = await batches;
    assert.equal(first?.events.length, 10);
    for (const other of others) assert.equal(other, first);
    assert.equal((await own).events[0], first?.events[0]);
    assert.deepEqual(source.reads, { links: 1, pages: 0 });
  });

  it('gives what came while somebody was busy as soon as it is asked for, without further news', async () => {
    const { feed, grow } = setUp();
    const [quick, busy] = [await started(feed, EVERYTHING, 1), await started(feed, EVERYTHING, 1)];
    for (const count of [3, 1]) {
      const batch = nextBatch(quick);
      grow(count);
      await batch;
    }
    assert.equal((await nextBatch(busy)).through, 4);
    const both = Promise.all([nextBatch(quick), nextBatch(busy)]);
    grow(1);
    assert.deepEqual(
      (await both).map(({ through }) => through),
      [5, 5],
    );
    const next = nextBatch(quick);
    grow(1);
    await next;
    assert.deepEqual(
      (await nextBatch(busy)).events.map(({ sequence }) => sequence),
      [6],
    );
  });

  it('reads nothing while nobody follows, and forgets what it had when the last one leaves', async () => {
    const { feed, source, grow } = setUp();
    grow(10);
    await nextTurn();
    const subscription = await started(feed, EVERYTHING, 11);
    const batch = nextBatch(subscription);
    grow(1);
    assert.equal((await batch).through, 11);
    await subscription.return();
    grow(10);
    await nextTurn();
    assert.deepEqual(source.reads, { links: 1, pages: 0 });
    assert.equal(feed.size, 0);
  });

  it('leaves alone who does not want what is new, until it is far', async () => {
    const { feed, grow } = setUp({ events: limits.feedProgressEvents + 3000 });
    const nothing = await started(feed, { ...EVERYTHING, typeMask: 0 }, 1);
    const all = await started(feed, EVERYTHING, 1);
    let progress: FeedBatch | undefined;
    const waiting = nextBatch(nothing).then((batch) => {
      progress = batch;
    });
    let through = 0;
    while (progress === undefined) {
      grow(500);
      while (through < limits.feedProgressEvents + 3000 && progress === undefined) {
        const batch = await nextBatch(all);
        through = batch.through;
        if (through % 500 === 0) break;
      }
    }
    await waiting;
    assert.deepEqual(progress.events, []);
    assert.ok(progress.through >= limits.feedProgressEvents);
    assert.ok(progress.through < limits.feedProgressEvents + 1000);
  });

  it('reads a page once for all who come back to the same place', async () => {
    const { feed, source } = setUp({ head: 640 });
    const all = await Promise.all(Array.from({ length: 50 }, () => started(feed, EVERYTHING, 1)));
    await Promise.all(
      all.map(async (subscription) => {
        for (let through = 0; through < 640; ) through = (await nextBatch(subscription)).through;
      }),
    );
    assert.equal(source.reads.pages, 10);
  });

  it('refuses more than its limit, and has room again when one leaves', async () => {
    const { feed } = setUp();
    const all = Array.from({ length: limits.subscribersMax }, () => feed.follow(EVERYTHING, 1));
    assert.throws(() => feed.follow(EVERYTHING, 1), { code: 'OVERLOADED' });
    await all[7]?.return();
    await feed.follow(EVERYTHING, 1).return();
    for (const subscription of all) await subscription.return();
    assert.equal(feed.size, 0);
  });

  it('tells all who follow when it cannot read, and goes on for those who come after', async () => {
    const { feed, source, grow } = setUp();
    const { links } = source;
    source.links = async () => {
      throw new Error('the disk is gone');
    };
    const waiting = nextBatch(await started(feed, EVERYTHING, 1));
    const busy = await started(feed, EVERYTHING, 1);
    const failed = assert.rejects(waiting, /the disk is gone/);
    grow(5);
    await failed;
    await assert.rejects(nextBatch(busy), /the disk is gone/);
    assert.equal(feed.size, 0);
    source.links = links;
    const again = nextBatch(await started(feed, EVERYTHING, 6));
    grow(1);
    assert.equal((await again).events.length, 1);
  });

  it('ends all who follow when it is closed, and takes nobody after', async () => {
    const { feed } = setUp();
    const subscription = await started(feed, EVERYTHING, 1);
    const waiting = subscription.next();
    feed.close();
    assert.equal((await waiting).done, true);
    assert.throws(() => feed.follow(EVERYTHING, 1), { code: 'SHUTTING_DOWN' });
  });
});

function randomFilter(random: Random, links: readonly SequencedLink[]): FeedFilter {
  const { consultationId, type } = new LinkView(pickOne(random, links).link);
  return {
    consultationId: random() < 0.5 ? consultationId : undefined,
    typeMask: random() < 0.5 ? ALL_TYPES : typeMask([type, 'MESSAGE_RECEIVED']),
  };
}

/** Follows to the end, now and then slowly, now and then leaving and coming back; gives what it was given. */
async function follow(
  { feed, source }: { feed: Feed; source: GrowingSource },
  filter: FeedFilter,
  end: number,
  random: Random,
): Promise<number[]> {
  const sequences: number[] = [];
  const slowness = pickOne(random, [0, 0, 3, 50]);
  let through = integerBetween(random, 0, source.head);
  const from = through + 1;
  while (through < end) {
    const subscription = feed.follow(filter, through + 1);
    const stays = integerBetween(random, 1, 20);
    for (let batches = 0; batches < stays && through < end; batches += 1) {
      // The last events may be none of its own: then nothing tells it that the end is reached.
      if (source.head === end && batches > 0) {
        const rest = feed.read(filter, through + 1);
        for await (const batch of rest) sequences.push(...batch.events.map(({ sequence }) => sequence));
        through = end;
        break;
      }
      const batch = await nextBatchOrRest(subscription);
      if (batch === undefined) break;
      assert.ok(batch.through >= through);
      sequences.push(...batch.events.map(({ sequence }) => sequence));
      through = batch.through;
      for (let turns = integerBetween(random, 0, slowness); turns > 0; turns -= 1) await nextTurn();
    }
    await subscription.return();
  }
  sequences.unshift(from);
  return sequences;
}

/** The next batch, or nothing once a few turns have passed without one. */
async function nextBatchOrRest(subscription: Subscription): Promise<FeedBatch | undefined> {
  let isLate = false;
  const patience = (async () => {
    for (let turns = 0; turns < 200 && !isLate; turns += 1) await nextTurn();
    await subscription.return();
  })();
  const { value, done } = await subscription.next();
  isLate = true;
  if (done) await patience;
  return done ? undefined : value;
}

describe('whoever follows the feed', () => {
  it('is given every event of its own once and in order, however it comes, goes and dawdles', async (t) => {
    const seed = testSeed(t);
    const random = seededRandom(seed);
    const end = 6000;
    const { links, source, feed, grow } = setUp({ events: end, head: 700, seed });
    const followers = Array.from({ length: 40 }, (_, index) => {
      const filter = randomFilter(random, links);
      const own = seededRandom(seed + index + 1);
      return follow({ feed, source }, filter, end, own).then(([from = 1, ...sequences]) => {
        const wanted = links.slice(from - 1).filter((one) => takes(filter, one));
        assert.deepEqual(
          sequences,
          wanted.map(({ sequence }) => sequence),
        );
      });
    });
    while (source.head < end) {
      grow(integerBetween(random, 1, 300));
      for (let turns = integerBetween(random, 0, 4); turns > 0; turns -= 1) await nextTurn();
    }
    await Promise.all(followers);
    assert.equal(feed.size, 0);
  });
});
