import { memoryEventStore } from '../support/memory-event-store.js';
import { eventStoreContract } from './event-store.contract.js';

eventStoreContract('The in-memory oracle', async () => {
  const store = memoryEventStore();
  return { store, dispose: () => store.close() };
});
