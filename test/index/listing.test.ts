import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ConsultationSummary,
  isListed,
  isNewer,
  type ListFilter,
  type ListPlace,
  summaryOf,
} from '../../src/domain/consultation-list.js';
import { integerBetween, pickOne, seededRandom } from '../../src/domain/seeded-random.js';
import type { SequencedLink } from '../../src/domain/stored-event.js';
import { testSeed } from '../domain/test-seed.js';
import { inBatches, makeLinks } from '../support/links.js';
import { expectedOf, indexDirectory, openReader, openWriter } from './support.js';

const LINKS = [...makeLinks({ consultations: 300, events: 1500, seed: 5 })];

/** What a list must have, by looking at every consultation. */
function expectedList(links: readonly SequencedLink[], filter: ListFilter = {}): ConsultationSummary[] {
  return [...expectedOf(links).values()]
    .map(({ head }) => summaryOf(head))
    .filter((summary) => isListed(summary, filter))
    .sort((a, b) => (isNewer(a, b) ? -1 : 1));
}

test('lists what every filter says, newest first, in pages of any size', async (t) => {
  const random = seededRandom(testSeed(t));
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  for (const batch of inBatches(LINKS, 64)) writer.apply(batch);
  const reader = await openReader(t, directory);
  const all = expectedList(LINKS);
  const users = [...new Set(all.map(({ userId }) => userId)), 'nobody'];
  for (let round = 0; round < 300; round += 1) {
    const times = [pickOne(random, all).createdMs, pickOne(random, all).createdMs].sort((a, b) => a - b);
    const maybe = <T>(member: T): T | Record<string, never> =>
      integerBetween(random, 0, 1) === 0 ? {} : member;
    const filter: ListFilter = {
      ...maybe({ userId: pickOne(random, users) }),
      ...maybe({ status: pickOne(random, ['active', 'committed'] as const) }),
      ...maybe({ urgency: pickOne(random, [null, 'low', 'medium', 'high', 'critical'] as const) }),
      ...maybe({ fromMs: times[0] as number }),
      ...maybe({ toMs: times[1] as number }),
    };
    const limit = integerBetween(random, 1, 50);
    const found: ConsultationSummary[] = [];
    let after: ListPlace | undefined;
    do {
      const page = reader.list(filter, after, limit);
      found.push(...page);
      after = page.length === limit ? page.at(-1) : undefined;
    } while (after !== undefined);
    assert.deepEqual(found, expectedList(LINKS, filter), JSON.stringify({ filter, limit }));
  }
});

test('lists each consultation once after every batch, whatever became of it', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  const reader = await openReader(t, directory);
  let count = 0;
  for (const batch of inBatches(LINKS, 100)) {
    writer.apply(batch);
    reader.refresh();
    count += batch.length;
    assert.deepEqual(reader.list({}, undefined, 1000), expectedList(LINKS.slice(0, count)));
  }
});

test('keeps the places of a list while consultations are added to it and change', async (t) => {
  const directory = await indexDirectory(t);
  const writer = await openWriter(t, directory);
  const reader = await openReader(t, directory);
  writer.apply(LINKS.slice(0, 200));
  reader.refresh();
  const first = reader.list({}, undefined, 1000);
  const found: string[] = [];
  let after: ListPlace | undefined;
  for (const [index, batch] of [...inBatches(LINKS.slice(200), 130)].entries()) {
    const page = reader.list({}, after, 20 + index);
    found.push(...page.map(({ consultationId }) => consultationId));
    after = page.at(-1) ?? after;
    writer.apply(batch);
    reader.refresh();
  }
  assert.equal(found.length, 200);
  assert.deepEqual(
    found,
    first.map(({ consultationId }) => consultationId),
  );
});

test('lists nothing of an empty range of time, nor before the first time there is', async (t) => {
  const directory = await indexDirectory(t);
  (await openWriter(t, directory)).apply(LINKS);
  const reader = await openReader(t, directory);
  const [newest] = reader.list({}, undefined, 1) as [ConsultationSummary];
  const at = newest.createdMs;
  assert.deepEqual(reader.list({ fromMs: at, toMs: at }, undefined, 10), []);
  assert.deepEqual(reader.list({ fromMs: at + 1 }, undefined, 10), []);
  assert.deepEqual(reader.list({ toMs: 0 }, undefined, 10), []);
  assert.deepEqual(reader.list({ fromMs: -62_167_219_200_000, toMs: -1 }, undefined, 10), []);
  assert.equal(reader.list({ fromMs: at, toMs: 253_402_300_799_999 }, undefined, 1)[0]?.createdMs, at);
});
