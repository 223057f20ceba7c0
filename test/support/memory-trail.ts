/** The audit trail in memory, as the event store's port has it. */
import type { AccessEntry } from '../../src/domain/access-entry.js';
import type { EventStore } from '../../src/store/event-store.js';

export interface MemoryTrail extends Pick<EventStore, 'recordAccess' | 'audit'> {
  /** What was recorded, oldest first. */
  readonly entries: readonly AccessEntry[];
}

export function memoryTrail(): MemoryTrail {
  const entries: AccessEntry[] = [];
  return {
    entries,
    async recordAccess(added) {
      entries.push(...added);
    },
    async audit({ consultationId, subject, outcome, fromMs, toMs, fromNumber, limit }) {
      const numbered = entries.map((entry, index) => ({ number: index + 1, entry }));
      const found = numbered.filter(({ number, entry }) => {
        return (
          number >= fromNumber &&
          (consultationId ?? entry.consultationId) === entry.consultationId &&
          (subject ?? entry.subject) === entry.subject &&
          (outcome ?? entry.outcome) === entry.outcome &&
          entry.untilMs >= (fromMs ?? 0) &&
          entry.fromMs <= (toMs ?? Number.POSITIVE_INFINITY)
        );
      });
      const page = found.slice(0, limit);
      const entriesJson = page.map(({ number, entry: { fromMs: from, untilMs: until, ...entry } }) => {
        const { consultationId: consultation_id, ...rest } = entry;
        const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
        return JSON.stringify({ number, ...times, ...rest, consultation_id });
      });
      const last = page.at(-1)?.number ?? 0;
      return { entriesJson, ...(found.length > limit && { nextNumber: last + 1 }) };
    },
  };
}
