import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LinkView } from '../../src/domain/stored-event.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { SegmentArchive } from '../../src/segments/segment-archive.js';
import type { EventStore } from '../../src/store/event-store.js';
import type { LocalStore, LocalStoreOptions } from '../../src/store/open-local-store.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { consultationsContract } from './consultations.contract.js';
import { allEvents, eventStoreContract, playScript, type StoreSubject } from './event-store.contract.js';
import { idempotencyContract } from './idempotency.contract.js';
import { pagesContract } from './pages.contract.js';
import { pastContract } from './past.contract.js';

const SMALL_SEGMENTS = { events: 25, bytes: 1e9, ageMs: 1e9 };

const VARIANTS = [
  ['LocalEventStore', {}],
  ['LocalEventStore with segments of 25 events', { roll: SMALL_SEGMENTS }],
] as const;

for (const [name, overrides] of VARIANTS) {
  for (const contract of [consultationsContract, idempotencyContract]) {
    contract(name, () => openSubject(overrides));
  }
  // These need no empty store, so that one does for all their tests: opening it takes a second.
  let opened: Promise<StoreSubject> | undefined;
  for (const contract of [eventStoreContract, pagesContract, pastContract]) {
    contract(name, async () => {
      opened ??= openSubject(overrides);
      return { store: (await opened).store, dispose: async () => {} };
    });
  }
  after(async () => (await opened)?.dispose());
}

async function openSubject(overrides: Partial<LocalStoreOptions>): Promise<StoreSubject> {
  const directory = await temporaryDirectory();
  const store = await openTestStore(directory, overrides);
  const dispose = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { store, dispose };
}

/** Everything a reader can ask of some consultations. */
async function answers(store: EventStore, ids: readonly string[]): Promise<unknown> {
  return Promise.all(
    ids.map(async (id) => ({
      state: structuredClone(await store.state(id)),
      events: await allEvents(store, id),
      messages: await store.events({
        consultationId: id,
        eventType: 'MESSAGE_RECEIVED',
        offset: 2,
        limit: 5,
      }),
    })),
  );
}

async function filled(store: LocalStore): Promise<string[]> {
  const ids = await Promise.all([1, 2, 3, 4].map((seed) => playScript(store, seed)));
  await store.archived();
  return ids;
}

describe('LocalEventStore over its files', () => {
  for (const [what, roll] of [
    ['one journal', undefined],
    ['sealed segments and a journal', SMALL_SEGMENTS],
  ] as const) {
    const options = roll && { roll };

    it(`answers the same after a restart, from ${what}`, async (t) => {
      const directory = await temporaryDirectory(t);
      const first = await openTestStore(directory, options);
      const ids = await filled(first);
      const before = await answers(first, ids);
      await first.close();
      const second = await openTestStore(directory, options);
      assert.deepEqual(await answers(second, ids), before);
      await second.close();
    });

    it(`answers the same after its index was deleted, or spoilt, from ${what}`, async (t) => {
      const directory = await temporaryDirectory(t);
      const first = await openTestStore(directory, options);
      const ids = await filled(first);
      const before = await answers(first, ids);
      await first.close();
      await rm(join(directory, 'index'), { recursive: true });
      const second = await openTestStore(directory, options);
      assert.deepEqual(await answers(second, ids), before);
      await second.close();
      await writeFile(join(directory, 'index', 'data.mdb'), 'no database');
      const third = await openTestStore(directory, options);
      assert.deepEqual(await answers(third, ids), before);
      await third.close();
    });
  }

  it('moves every event from its journal into exactly one sealed segment', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    await filled(store);
    const { headSequence } = await store.health();
    await store.close();
    const names = await readdir(join(directory, 'segments'));
    const journals = await readdir(join(directory, 'journal'));
    assert.equal(journals.length, 1, 'only the newest journal is left');
    assert.equal(names.filter((name) => name.endsWith('.live.h5')).length, 1, 'and its live file');

    const archive = await SegmentArchive.open({ disk: nodeDisk, directory: join(directory, 'segments') });
    const sequences: number[] = [];
    const eventIds = new Set<string>();
    for await (const batch of archive.scan(1)) {
      for (const { sequence, link } of batch) {
        sequences.push(sequence);
        eventIds.add(new LinkView(link).eventId);
      }
    }
    assert.deepEqual(
      sequences,
      Array.from({ length: archive.lastSequence }, (_, index) => index + 1),
    );
    assert.equal(eventIds.size, archive.lastSequence);
    assert.ok(headSequence - archive.lastSequence <= SMALL_SEGMENTS.events);
    await archive.close();
  });

  it('is owned by one process at a time, and lets go when closed', async (t) => {
    const directory = await temporaryDirectory(t);
    const owner = await openTestStore(directory);
    await assert.rejects(openTestStore(directory), { code: 'DATA_DIR_LOCKED' });
    await owner.close();
    await (await openTestStore(directory)).close();
  });

  it('does not start when acknowledged events are missing from the journal, and says so', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory);
    await playScript(store, 1);
    await store.close();
    const [name] = await readdir(join(directory, 'journal'));
    const path = join(directory, 'journal', name as string);
    const bytes = await readFile(path);
    const confirmation = bytes.lastIndexOf('FIBK');
    const lastEvent = bytes.lastIndexOf('FIBK', confirmation - 1);
    await writeFile(path, bytes.subarray(0, lastEvent));
    await assert.rejects(openTestStore(directory), {
      code: 'LOG_DAMAGED',
      message: /acknowledged events are missing/,
    });
    assert.deepEqual(await readFile(path), bytes.subarray(0, lastEvent), 'the journal is as it was found');
    await rm(path);
    await assert.rejects(openTestStore(directory), { code: 'LOG_DAMAGED' });
    await writeFile(path, bytes);
    await (await openTestStore(directory)).close();
  });

  it('does not start without its journal or without a sealed segment', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    await filled(store);
    await store.close();
    const journal = join(directory, 'journal');
    const [name] = await readdir(journal);
    const journalBytes = await readFile(join(journal, name as string));
    await rm(join(journal, name as string));
    await assert.rejects(openTestStore(directory), { code: 'LOG_DAMAGED' });
    await writeFile(join(journal, name as string), journalBytes);
    await rm(join(directory, 'segments', 'segment-0000000000000001.h5'));
    await assert.rejects(openTestStore(directory), { code: 'ARCHIVE_DAMAGED' });
  });

  it('does not start when its newest journal is one that was sealed already', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await openTestStore(directory);
    await playScript(first, 1);
    await first.close();
    const journals = join(directory, 'journal');
    const [sealed = ''] = await readdir(journals);
    const bytes = await readFile(join(journals, sealed));
    // The next event finds that journal full, so that it is sealed and another one begins.
    const second = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    await second.create({ userId: 'dr', source: 'test' });
    await second.archived();
    await second.close();
    for (const name of await readdir(journals)) await rm(join(journals, name));
    await rm(join(directory, 'index'), { recursive: true });
    await writeFile(join(journals, sealed), bytes);
    await assert.rejects(openTestStore(directory), {
      code: 'LOG_DAMAGED',
      message: /a newer journal is missing/,
    });
  });

  it('refuses a start without acknowledged events under FI_DURABILITY=os too, and changes nothing', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = await openTestStore(directory, { durability: 'os' });
    await playScript(store, 1);
    await store.archived();
    await store.close();
    const [name = ''] = await readdir(join(directory, 'journal'));
    const path = join(directory, 'journal', name);
    const bytes = await readFile(path);
    const cut = bytes.subarray(0, bytes.lastIndexOf('FIBK', bytes.lastIndexOf('FIBK') - 1));
    await writeFile(path, cut);
    const opening = openTestStore(directory, { durability: 'os' });
    await assert.rejects(opening, { code: 'LOG_DAMAGED', message: /delete the folder index to go on/ });
    assert.deepEqual(await readFile(path), cut);
    await rm(join(directory, 'index'), { recursive: true });
    await (await openTestStore(directory, { durability: 'os' })).close();
  });
});
