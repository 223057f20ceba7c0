/** Keys outlive whatever becomes of the files around them, and are forgotten in time. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { nodeMachine } from '../../src/ops/machine.js';
import { readManifest } from '../../src/segments/manifest.js';
import type { EventStore } from '../../src/store/event-store.js';
import type { LocalStoreOptions } from '../../src/store/open-local-store.js';
import { cli } from '../support/cli.js';
import { openTestStore } from '../support/local-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { allEvents, message, started } from './event-store.contract.js';
import { keyed } from './idempotency.contract.js';

const HOUR_MS = 3_600_000;
const SMALL_SEGMENTS = { events: 4, bytes: 1e9, ageMs: 1e9 };

interface Asked {
  id: string;
  answers: unknown[];
}

/** A start, an append and a batch, each with a key; with events between that have none. */
async function ask(store: EventStore, id?: string): Promise<Asked> {
  const created = await store.create({ userId: 'dr', source: 'test', idempotencyKey: { key: 'start' } });
  const consultationId = id ?? created.consultationId;
  const single = await keyed(store, consultationId, 'one', [message('single')]);
  const batch = await keyed(store, consultationId, 'many', [message('a'), message('b'), message('c')]);
  return { id: consultationId, answers: [created, single, batch] };
}

async function fill(store: EventStore): Promise<void> {
  const id = await started(store);
  for (let i = 0; i < 6; i += 1) {
    await store.append({ consultationId: id, userId: 'dr', source: 'test', events: [message(`${i}`)] });
  }
}

/** Asserts that asking again is answered as the first time. */
async function assertKnown(store: EventStore, first: Asked): Promise<void> {
  const { headSequence } = await store.health();
  const again = await ask(store, first.id);
  assert.deepEqual(
    again.answers,
    first.answers.map((answer) => ({ ...(answer as object), replayed: true })),
  );
  assert.equal((await store.health()).headSequence, headSequence);
  await assert.rejects(keyed(store, first.id, 'one', [message('another')]), {
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
}

async function filledDirectory(t: TestContext, options: Partial<LocalStoreOptions> = {}) {
  const directory = await temporaryDirectory(t);
  const store = await openTestStore(directory, options);
  const asked = await ask(store);
  await fill(store);
  await store.archived();
  await assertKnown(store, asked);
  await store.close();
  return { directory, asked };
}

describe('keys are known', () => {
  for (const [where, options] of [
    ['in the journal', {}],
    ['in sealed segments', { roll: SMALL_SEGMENTS }],
  ] as const) {
    it(`after a restart, and after the index was deleted, ${where}`, async (t) => {
      const { directory, asked } = await filledDirectory(t, options);
      const second = await openTestStore(directory, options);
      await assertKnown(second, asked);
      await second.close();
      await rm(join(directory, 'index'), { recursive: true });
      const third = await openTestStore(directory, options);
      await assertKnown(third, asked);
      await third.close();
    });
  }

  it('after the segments that have them were repacked', async (t) => {
    const { directory, asked } = await filledDirectory(t, { roll: SMALL_SEGMENTS });
    const roots = async () =>
      (await readManifest(nodeDisk, join(directory, 'segments'))).map(({ root }) => root);
    const before = await roots();
    const run = await cli(['repack', '--codec', 'none', '--data-dir', directory]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual(await roots(), before);
    await rm(join(directory, 'index'), { recursive: true });
    const store = await openTestStore(directory, { roll: SMALL_SEGMENTS });
    await assertKnown(store, asked);
    await store.close();
    const verify = await cli(['verify', '--data-dir', directory]);
    assert.equal(verify.exitCode, 0, verify.stderr);
  });

  it('after an export was imported into another directory, with the same hashes', async (t) => {
    const { directory, asked } = await filledDirectory(t, { roll: SMALL_SEGMENTS });
    const file = join(directory, 'events.ndjson');
    const exported = await cli(['export', '--data-dir', directory, '--output', file]);
    assert.equal(exported.exitCode, 0, exported.stderr);
    const other = await temporaryDirectory(t);
    const openStore = () => openTestStore(other);
    const imported = await cli(['import', file, '--data-dir', other], { openStore });
    assert.equal(imported.exitCode, 0, imported.stderr);
    const [first, second] = [await openTestStore(directory), await openTestStore(other)];
    assert.deepEqual(await allEvents(second, asked.id), await allEvents(first, asked.id));
    await assertKnown(second, asked);
    await Promise.all([first.close(), second.close()]);
  });
});

describe('a key that is too old', () => {
  /** A store whose clock stands still until it is set. */
  async function clockedStore(t: TestContext) {
    const directory = await temporaryDirectory(t);
    const clock = { nowMs: Date.now() };
    const machine = { ...nodeMachine, now: () => clock.nowMs };
    const open = () => openTestStore(directory, { keysKeptMs: 2 * HOUR_MS, machine });
    return { clock, open, directory };
  }

  const keysOf = (events: readonly ConsultationEvent[]) =>
    events.map(({ metadata }) => metadata.idempotency?.digest).filter((digest) => digest !== undefined);

  for (const [when, between] of [
    ['before the index has it', async () => {}],
    ['in the index', async (store: EventStore) => void (await fill(store))],
  ] as const) {
    it(`is a new key, and then known again, ${when}`, async (t) => {
      const { clock, open } = await clockedStore(t);
      const store = await open();
      const id = await started(store);
      const first = await keyed(store, id, 'k', [message('a')]);
      await between(store);
      clock.nowMs = (first.events[0]?.timestampMs ?? 0) + 2 * HOUR_MS;
      assert.equal((await keyed(store, id, 'k', [message('a')])).replayed, true, 'not yet too old');
      clock.nowMs += 1;
      const second = await keyed(store, id, 'k', [message('b')]);
      assert.equal(second.replayed, false);
      assert.equal((await keyed(store, id, 'k', [message('b')])).replayed, true);
      await fill(store);
      assert.deepEqual(await keyed(store, id, 'k', [message('b')]), { ...second, replayed: true });
      assert.notEqual(first.events[0]?.eventId, second.events[0]?.eventId);
      const digests = keysOf(await allEvents(store, id));
      assert.equal(digests.length, 2);
      assert.equal(digests[0], digests[1]);
      await store.close();
    });
  }

  it('stays forgotten after a restart with a new index, and newer ones stay known', async (t) => {
    const { clock, open, directory } = await clockedStore(t);
    const first = await open();
    const id = await started(first);
    await keyed(first, id, 'old', [message('a')]);
    clock.nowMs += 1.5 * HOUR_MS;
    await keyed(first, id, 'new', [message('b')]);
    clock.nowMs += HOUR_MS;
    await first.close();
    await rm(join(directory, 'index'), { recursive: true });
    const second = await open();
    assert.equal((await keyed(second, id, 'new', [message('b')])).replayed, true);
    assert.equal((await keyed(second, id, 'old', [message('c')])).replayed, false);
    await second.close();
  });
});
