/**
 * What was accepted but is not in the index yet: the newest few milliseconds of the log, in memory.
 *
 * The index follows the log at a short distance; whatever lies between is looked up here. Events leave when the
 * index has taken them in, or when the log refuses them.
 */
import type { AppendKey } from '../domain/append-key.js';
import type { ConsultationHead } from '../domain/consultation-head.js';

export interface RecentEvent {
  /** The consultation's head after this event: its version, id and hash are the event's own. */
  readonly head: ConsultationHead;
  readonly typeCode: number;
  /** Of the first event of an append that came with a key. */
  readonly key: AppendKey | undefined;
  /** The event's sequence once it is durable; 0 until then; negative when it was refused. */
  sequence: number;
  /** Settles with the append that brought it. */
  readonly settled: Promise<unknown>;
}

const NONE: readonly RecentEvent[] = [];
/** The sequence of an event that the log refused. */
const REFUSED = -1;

export class RecentEvents {
  /** Contiguous versions of each consultation, oldest first. */
  private readonly byConsultation = new Map<string, RecentEvent[]>();
  private readonly byEventId = new Map<string, RecentEvent>();
  /** By the digests of their keys. */
  private readonly byKey = new Map<string, RecentEvent>();
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
    if (event.key !== undefined) this.byKey.set(event.key.digest, event);
    this.order.push(event);
  }

  find(eventId: string): RecentEvent | undefined {
    return this.byEventId.get(eventId);
  }

  /** The newest first event of an append with a key, by its digest. */
  findByKey(digest: string): RecentEvent | undefined {
    return this.byKey.get(digest);
  }

  /** The events of a consultation that are here, oldest first. */
  of(consultationId: string): readonly RecentEvent[] {
    return this.byConsultation.get(consultationId) ?? NONE;
  }

  /** The newest event of a consultation that is here. */
  newestOf(consultationId: string): RecentEvent | undefined {
    return this.byConsultation.get(consultationId)?.at(-1);
  }

  /** Drops what the index has taken in; `onLeave` is given the newest head of each consultation that leaves. */
  dropIndexed(indexedSequence: number, onLeave: (head: ConsultationHead) => void): void {
    const leaving = new Map<string, number>();
    for (; this.left < this.order.length; this.left += 1) {
      const event = this.order[this.left] as RecentEvent;
      if (event.sequence === REFUSED) continue;
      if (event.sequence === 0 || event.sequence > indexedSequence) break;
      this.forget(event);
      const { consultationId } = event.head;
      leaving.set(consultationId, (leaving.get(consultationId) ?? 0) + 1);
    }
    // All of a consultation that leave together are cut off at once: one by one each would move the rest.
    for (const [consultationId, count] of leaving) {
      const events = this.byConsultation.get(consultationId) as RecentEvent[];
      const last = events.splice(0, count).at(-1) as RecentEvent;
      if (events.length === 0) this.byConsultation.delete(consultationId);
      // Also while others stay: these may be refused yet, and then this is the newest again.
      onLeave(last.head);
    }
    if (this.left > 1024 && this.left * 2 > this.order.length) {
      this.order = this.order.slice(this.left);
      this.left = 0;
    }
  }

  /** Drops an event that the log refused, and those of its consultation that build on it. */
  dropRefused(event: RecentEvent): void {
    const events = this.byConsultation.get(event.head.consultationId);
    const from = events?.lastIndexOf(event) ?? -1;
    if (events === undefined || from < 0) return;
    for (const refused of events.splice(from)) {
      refused.sequence = REFUSED;
      this.forget(refused);
    }
    if (events.length === 0) this.byConsultation.delete(event.head.consultationId);
    // What is refused is the newest: once its last event is, all of it goes at once.
    while (this.size > 0 && this.order.at(-1)?.sequence === REFUSED) this.order.pop();
  }

  /** Takes an event out of the maps of ids and keys. */
  private forget(event: RecentEvent): void {
    const { key } = event;
    this.byEventId.delete(event.head.lastEventId);
    if (key !== undefined && this.byKey.get(key.digest) === event) this.byKey.delete(key.digest);
  }
}
