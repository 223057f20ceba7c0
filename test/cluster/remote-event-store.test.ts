/** The contracts of the port, over a socket. */
import { rm } from 'node:fs/promises';
import { after } from 'node:test';
import { consultationsContract } from '../store/consultations.contract.js';
import { eventStoreContract, type StoreSubject } from '../store/event-store.contract.js';
import { followContract } from '../store/follow.contract.js';
import { idempotencyContract } from '../store/idempotency.contract.js';
import { pagesContract } from '../store/pages.contract.js';
import { pastContract } from '../store/past.contract.js';
import { openTestStore } from '../support/local-store.js';
import { memoryEventStore } from '../support/memory-event-store.js';
import { socketStore } from '../support/socket-store.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function overMemory(): Promise<StoreSubject> {
  const { remote, close } = await socketStore(memoryEventStore());
  return { store: remote, dispose: close };
}

async function overFiles(): Promise<StoreSubject> {
  const directory = await temporaryDirectory();
  const store = await openTestStore(directory);
  const { remote, close } = await socketStore(store);
  const dispose = async (): Promise<void> => {
    await close();
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { store: remote, dispose };
}

for (const contract of [
  eventStoreContract,
  consultationsContract,
  idempotencyContract,
  pagesContract,
  pastContract,
  followContract,
]) {
  contract('A store in memory behind a socket', overMemory);
}
followContract('LocalEventStore behind a socket', overFiles);
// These need no empty store, so that one does for all their tests: opening it takes a second.
let opened: Promise<StoreSubject> | undefined;
for (const contract of [eventStoreContract, pagesContract, pastContract]) {
  contract('LocalEventStore behind a socket', async () => {
    opened ??= overFiles();
    return { store: (await opened).store, dispose: async () => {} };
  });
}
after(async () => (await opened)?.dispose());
