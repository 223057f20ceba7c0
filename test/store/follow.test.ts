/** Following on each store, and where the real one has its events: journal, sealed segments, and both. */
import { rm } from 'node:fs/promises';
import { openTestStore } from '../support/local-store.js';
import { memoryEventStore } from '../support/memory-event-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
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
