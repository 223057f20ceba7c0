import { memoryEventStore } from '../support/memory-event-store.js';
import { consultationsContract } from './consultations.contract.js';
import { eventStoreContract } from './event-store.contract.js';
import { idempotencyContract } from './idempotency.contract.js';
import { pagesContract } from './pages.contract.js';
import { pastContract } from './past.contract.js';

for (const contract of [
  eventStoreContract,
  consultationsContract,
  idempotencyContract,
  pagesContract,
  pastContract,
]) {
  contract('The in-memory oracle', async () => {
    const store = memoryEventStore();
    return { store, dispose: () => store.close() };
  });
}
