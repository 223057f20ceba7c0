/** Small plans of an import, and what a store holds of them. */
import type { ImportPlan } from '../../src/cli/import-consultation.js';
import { importIds } from '../../src/cli/import-ids.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { eventOfLink } from '../../src/domain/stored-event.js';
import type { MemoryEventStore } from './memory-event-store.js';

/** A consultation with `messages` messages; `name` makes it another one. */
export function planOf(messages: number, name = 'plan'): ImportPlan {
  const ids = importIds({ name, messages });
  return {
    consultationId: ids.consultationId,
    startEventId: ids.eventId(1),
    events: Array.from({ length: messages }, (_, index) => ({
      type: 'MESSAGE_RECEIVED',
      payload: { message_content: `${name} ${index}`, message_role: 'user' },
      eventId: ids.eventId(index + 2),
    })),
  };
}

export function storedEvents(store: MemoryEventStore, consultationId?: string): ConsultationEvent[] {
  const events = store.links.map(eventOfLink);
  return events.filter((event) => consultationId === undefined || event.consultation_id === consultationId);
}

/** What was said in a consultation, in the order of its versions. */
export function storedMessages(store: MemoryEventStore, consultationId?: string): unknown[] {
  return storedEvents(store, consultationId)
    .filter((event) => event.event_type === 'MESSAGE_RECEIVED')
    .map((event) => event.payload.message_content);
}
