/**
 * What was accepted but is not in the index yet: the newest few milliseconds of the log, in memory.
 *
 * The index follows the log at a short distance; whatever lies between is looked up here. Events leave when the
 * index has taken them in, or when the log refuses them.
 */
import type { ConsultationHead } from '../domain/consultation-head.js';

export interface RecentEvent {
  /** The consultation's head after this event: its version, id and hash are the event's own. */
  readonly head: ConsultationHead;
  readonly typeCode: number;
  /** The event's sequence once it is durable; 0 until then. */
  sequence: number;
  /** Settles with the append that brought it. */
  readonly settled: Promise<unknown>;
}

const NONE: readonly RecentEvent[] = [];

export class RecentEvents {
  /** Contiguous versions of each consultation, oldest first. */
  private readonly byConsultation = new Map<string, RecentEvent[]>();
  private readonly byEventId = new Map<string, RecentEvent>();
  /** In the order of acceptance. What left at the front is cut off now and then. */
  private order: RecentEvent[] = [];
  private left = 0;

  get size(): number {
    return this.order.length - this.left;
  }

  add(event: RecentEvent): void {
    const { consultationId, lastEventId } = event.head;
    const events = this.byConsultation.get(consultationId);
    if (events === undefined) this.byConsultation.set(consultationId, [event]);
    else events.push(event);
    this.byEventId.set(lastEventId, event);
    this.order.push(event);
  }

  find(eventId: string): RecentEvent | undefined {
    return this.byEventId.get(eventId);
  }

  /** The events of a consultation that are here, oldest first. */
  of(consultationId: string): readonly RecentEvent[] {
    return this.byConsultation.get(consultationId) ?? NONE;
  }

  /** Drops what the index has taken in; `onLeave` is given the last head of each consultation that leaves. */
  dropIndexed(indexedSequence: number, onLeave: (head: ConsultationHead) => void): void {
    for (; this.left < this.order.length; this.left += 1) {
      const event = this.order[this.left] as RecentEvent;
      if (event.sequence === 0 || event.sequence > indexedSequence) break;
      const events = this.forget(event);
      if (events.length === 0) onLeave(event.head);
    }
    if (this.left > 1024 && this.left * 2 > this.order.length) {
      this.order = this.order.slice(this.left);
      this.left = 0;
    }
  }

  /** Drops an event that the log refused, and those of its consultation that build on it. */
  dropRefused(event: RecentEvent): void {
    const events = this.byConsultation.get(event.head.consultationId);
    const from = events?.indexOf(event) ?? -1;
    if (events === undefined || from < 0) return;
    const refused = new Set(events.slice(from));
    for (const one of refused) this.forget(one);
    this.order = this.order.slice(this.left).filter((one) => !refused.has(one));
    this.left = 0;
  }

  /** Takes an event out of the maps; returns what is left of its consultation. */
  private forget(event: RecentEvent): RecentEvent[] {
    const { consultationId, lastEventId } = event.head;
    if (this.byEventId.get(lastEventId) === event) this.byEventId.delete(lastEventId);
    const events = this.byConsultation.get(consultationId) ?? [];
    events.splice(events.indexOf(event), 1);
    if (events.length === 0) this.byConsultation.delete(consultationId);
    return events;
  }
}
