/** Where an import writes: its port, and the store of a directory behind it. */
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { EventStore, EventToAppend } from '../store/event-store.js';
import type { EventToRestore, Restored } from '../store/restore-events.js';
import { type Attempt, withRetries } from './retry.js';

/** A part of what the target already holds of a consultation. */
export interface StoredEvents {
  /** All events of the consultation; 0 when there is no such consultation. */
  eventCount: number;
  /** The ids of the events asked for, oldest first. */
  eventIds: string[];
}

/** Everything may be asked twice: ids are derived, and the same event again is answered, not stored. */
export interface ImportTarget {
  /** How many events one `append` takes at most. */
  readonly appendEventsMax: number;
  /** The events after the first `offset` ones, at most `limit` of them (1 to `limits.pageEventsMax`). */
  stored(consultationId: string, offset: number, limit: number): Promise<StoredEvents>;
  /** Starts a consultation. False when it was there already. */
  create(userId: string, consultationId: string, eventId: string): Promise<boolean>;
  /** Appends all events or none. False when they were there already. */
  append(userId: string, consultationId: string, events: readonly EventToAppend[]): Promise<boolean>;
  /** Stores exported events as they were; only where ids and times can be kept (restore-events.ts). */
  restore?(events: readonly EventToRestore[], restored: Restored): Promise<void>;
  close(): Promise<void>;
}

/** A store that an import can write into. */
export type ImportStore = EventStore & Pick<ImportTarget, 'restore'>;

const SOURCE = 'import';

/** Imports into a store that this process opened; `close` closes it. `signal` cuts waits for a busy store short. */
export function storeTarget(store: ImportStore, signal: AbortSignal): ImportTarget {
  return {
    appendEventsMax: limits.batchEventsMax,
    async stored(consultationId, offset, limit) {
      try {
        const page = await store.events({ consultationId, offset, limit });
        return { eventCount: page.eventCount, eventIds: page.eventsJson.map(eventIdOf) };
      } catch (error) {
        if (error instanceof CodedError && error.code === 'CONSULTATION_NOT_FOUND') {
          return { eventCount: 0, eventIds: [] };
        }
        throw error;
      }
    },
    async create(userId, consultationId, eventId) {
      const created = await withRetries(
        unlessBusy(() => store.create({ userId, source: SOURCE, consultationId, eventId })),
        { signal },
      );
      return !created.replayed;
    },
    async append(userId, consultationId, events) {
      const appended = await withRetries(
        unlessBusy(() => store.append({ consultationId, userId, source: SOURCE, events })),
        { signal },
      );
      return !appended.replayed;
    },
    ...(store.restore && { restore: store.restore.bind(store) }),
    close: () => store.close(),
  };
}

const eventIdOf = (eventJson: string): string => (JSON.parse(eventJson) as { event_id: string }).event_id;

/** A full queue empties in a moment; every other refusal stays what it is. */
function unlessBusy<T>(operation: () => Promise<T>): () => Promise<Attempt<T>> {
  return async () => {
    try {
      return { value: await operation() };
    } catch (error) {
      if (error instanceof CodedError && error.code === 'OVERLOADED') return { error };
      throw error;
    }
  };
}
