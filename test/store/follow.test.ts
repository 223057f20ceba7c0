/** Following on each store, and where the real one has its events: journal, sealed segments, and both. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestStore } from '../support/local-store.js';
import { memoryEventStore } from '../support/memory-event-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { append, message, started } from './event-store.contract.js';
import { followContract } from './follow.contract.js';

followContract('The in-memory oracle', async () => {
  const store = memoryEventStore();
  return { store, dispose: () => store.close() };
});

for (const [what, roll] of [
  ['a journal', { events: 1e6, bytes: 1e9, ageMs: 1e9 }],
  ['segments of 25 events', { events: 25, bytes: 1e9, ageMs: 1e9 }],
] as const) {
  followContract(`LocalEventStore with ${what}`, async () => {
    const directory = await temporaryDirectory();
    const store = await openTestStore(directory, { roll });
    const dispose = async (): Promise<void> => {
      await store.close();
      await rm(directory, { recursive: true });
    };
    return { store, dispose };
  });
}

test('refuses an event of a sealed segment whose bytes have changed, after those before it', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await openTestStore(directory, {
    roll: { events: 25, bytes: 1e9, ageMs: 1e9 },
    codec: 'none',
  });
  t.after(() => store.close());
  const consultationId = await started(store);
  for (let i = 2; i <= 60; i += 1) await append(store, consultationId, [message(`needle ${i};`)]);
  await store.archived();
  const path = join(directory, 'segments', 'segment-0000000000000026.h5');
  const bytes = await readFile(path);
  bytes.write('Needle', bytes.indexOf('needle 40;'));
  await writeFile(path, bytes);
  for (const query of [{}, { consultationId }]) {
    const sequences: number[] = [];
    const feed = await store.follow({ ...query, from: { sequence: 10 }, endsAtHead: true });
    const reading = (async () => {
      for await (const { events } of feed) sequences.push(...events.map(({ sequence }) => sequence));
    })();
    await assert.rejects(reading, { code: 'ARCHIVE_DAMAGED' });
    assert.ok(sequences.every((sequence) => sequence < 40));
  }
});
