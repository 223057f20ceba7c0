/** Reading a directory that somebody else owns and changes. */
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import { Journal } from '../../src/log/journal.js';
import { type Disk, nodeDisk } from '../../src/ops/disk.js';
import { readManifest, writeManifest } from '../../src/segments/manifest.js';
import { DirectoryReader } from '../../src/store/directory-reader.js';
import type { LocalStore } from '../../src/store/open-local-store.js';
import { ChainedLinks } from '../support/chained-links.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { playScript } from './event-store.contract.js';

const SMALL_SEGMENTS = { events: 25, bytes: 1e9, ageMs: 1e9 };

async function read(batches: AsyncIterable<SequencedLink[]>): Promise<SequencedLink[]> {
  const links: SequencedLink[] = [];
  for await (const batch of batches) links.push(...batch);
  return links;
}

const sequencesOf = (links: readonly SequencedLink[]): number[] => links.map(({ sequence }) => sequence);
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Every event id, by consultation, as the store answers them. */
async function idsIn(store: LocalStore, consultations: readonly string[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const consultationId of consultations) {
    const { eventsJson } = await store.events({ consultationId, offset: 0, limit: 1000 });
    for (const json of eventsJson) ids.add((JSON.parse(json) as { event_id: string }).event_id);
  }
  return ids;
}

function readerOf(t: TestContext, directory: string, disk?: Disk): DirectoryReader {
  const reader = new DirectoryReader(directory, disk && { disk });
  t.after(() => reader.close());
  return reader;
}

/** A directory with one journal of four blocks, of which nothing proves the last. */
async function unprovenJournal(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const journals = join(directory, 'journal');
  await mkdir(journals);
  const journal = await Journal.create(nodeDisk, journals, 1, 0, true);
  t.after(() => journal.close());
  const chains = new ChainedLinks();
  const append = async (): Promise<void> => {
    const { links } = chains.next('a');
    await journal.appendBlock(links, links[0]?.length ?? 0);
  };
  for (let block = 0; block < 4; block += 1) await append();
  return { directory, journal, append };
}

describe('DirectoryReader', () => {
  it('reads sealed segments and journals as one, from any event on, while their owner goes on', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    t.after(() => store.close());
    const consultations = await Promise.all([1, 2, 3].map((seed) => playScript(store, seed)));
    await store.archived();
    const { headSequence } = await store.health();
    const reader = readerOf(t, directory);
    const links = await read(reader.scan(1));
    assert.deepEqual(sequencesOf(links), upTo(headSequence));
    assert.ok((await reader.sealedSegments()).length > 1 && (await reader.journals()).length > 0);
    assert.equal(await reader.headSequence(), headSequence);
    const ids = new Set(links.map(({ link }) => new LinkView(link).eventId));
    assert.deepEqual(ids, await idsIn(store, consultations));
    for (const from of [2, 26, headSequence, headSequence + 1]) {
      assert.deepEqual(sequencesOf(await read(reader.scan(from))), upTo(headSequence, from));
    }
  });

  it('follows what is committed, while journals are begun, sealed and deleted', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    t.after(() => store.close());
    const stop = new AbortController();
    const followed: SequencedLink[] = [];
    let head = Number.POSITIVE_INFINITY;
    const following = (async () => {
      for await (const batch of readerOf(t, directory).follow(1, stop.signal)) {
        followed.push(...batch);
        if (followed.length >= head) return;
      }
    })();
    for (const seed of [1, 2, 3, 4]) await playScript(store, seed);
    await store.archived();
    const { consultationId } = await store.create({ userId: 'dr', source: 'test' });
    head = (await store.health()).headSequence;
    await following;
    assert.deepEqual(sequencesOf(followed), upTo(head));
    assert.equal(new LinkView(followed.at(-1)?.link as Buffer).consultationId, consultationId);
  });

  it('looks again when a journal that it found was sealed and deleted before it was opened', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    t.after(() => store.close());
    await playScript(store, 1);
    await store.archived();
    // The first look is answered as if it came before the sealing.
    let isFirstList = true;
    let isFirstManifest = true;
    const before = join(directory, 'before');
    await mkdir(before);
    await writeManifest(nodeDisk, before, []);
    const stale: Disk = {
      ...nodeDisk,
      async list(path) {
        const names = await nodeDisk.list(path);
        if (!path.endsWith('journal') || !isFirstList) return names;
        isFirstList = false;
        return ['0000000000000001.journal', ...names];
      },
      open(path, options) {
        const isStale = path.endsWith('manifest.json') && isFirstManifest;
        if (isStale) isFirstManifest = false;
        return nodeDisk.open(isStale ? join(before, 'manifest.json') : path, options);
      },
    };
    const links = await read(readerOf(t, directory, stale).scan(1));
    assert.deepEqual(sequencesOf(links), upTo((await store.health()).headSequence));
    assert.ok(!isFirstList && !isFirstManifest, 'the first look was stale');
  });

  it('goes on in the new file of a segment that was rewritten under another name', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    await playScript(store, 1);
    await store.archived();
    const { headSequence } = await store.health();
    await store.close();
    const segments = join(directory, 'segments');
    const reader = readerOf(t, directory);
    const [first, ...others] = await reader.sealedSegments();
    assert.ok(first);
    const file = 'segment-0000000000000001.1.h5';
    await rename(join(segments, first.file), join(segments, file));
    await writeManifest(nodeDisk, segments, [{ ...first, file }, ...others]);
    assert.deepEqual(sequencesOf(await read(reader.scan(1))), upTo(headSequence));
    // A file that is gone without a new one is named.
    await rm(join(segments, file));
    await assert.rejects(read(readerOf(t, directory).scan(1)), { code: 'ARCHIVE_DAMAGED' });
    assert.equal((await readManifest(nodeDisk, segments))[0]?.file, file, 'nothing was changed');
  });

  it('shows a block to followers only when something proves that it is durable', async (t) => {
    const { directory, append } = await unprovenJournal(t);
    const stop = new AbortController();
    const batches = readerOf(t, directory).follow(1, stop.signal);
    assert.deepEqual(sequencesOf((await batches.next()).value as SequencedLink[]), [1, 2, 3]);
    const next = batches.next();
    await append();
    assert.deepEqual(sequencesOf((await next).value as SequencedLink[]), [4]);
    stop.abort();
    assert.equal((await batches.next()).done, true);
  });

  it('gives a scan the last block too, when nobody is there to prove it, and passes over a torn tail', async (t) => {
    const { directory, journal } = await unprovenJournal(t);
    assert.deepEqual(sequencesOf(await read(readerOf(t, directory).scan(1))), [1, 2, 3, 4]);
    await appendFile(journal.path, 'FIBK and then the power went');
    assert.deepEqual(sequencesOf(await read(readerOf(t, directory).scan(1))), [1, 2, 3, 4]);
  });

  it('names a journal that is missing in between', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory);
    await playScript(store, 1);
    await store.close();
    const journals = join(directory, 'journal');
    const [name] = await readdir(journals);
    const journal = await Journal.create(nodeDisk, journals, 5000, 0, true);
    await journal.close();
    const lost = { code: 'LOG_DAMAGED', message: /no file begins with the next one/ };
    await assert.rejects(read(readerOf(t, directory).scan(1)), lost);
    await rm(join(journals, name as string));
    await assert.rejects(read(readerOf(t, directory).scan(1)), {
      code: 'LOG_DAMAGED',
      message: /has event 1: a file is missing/,
    });
    await copyFile(journal.path, join(journals, name as string));
    await assert.rejects(read(readerOf(t, directory).scan(1)), { code: 'LOG_DAMAGED' });
  });
});
