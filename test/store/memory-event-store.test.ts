import { memoryEventStore } from '../support/memory-event-store.js';
import { consultationsContract } from './consultations.contract.js';
import { eventStoreContract } from './event-store.contract.js';

for (const contract of [eventStoreContract, consultationsContract]) {
  contract('The in-memory oracle', async () => {
    const store = memoryEventStore();
    return { store, dispose: () => store.close() };
  });
}
