/**
 * The newest events, in memory, for those who follow at the head: read once, and encoded at most once, for all of
 * them. Bounded by events and bytes; who is further behind reads from the store.
 */
import { typeBit } from '../domain/event-type-mask.js';
import type { FeedBatch, FeedEvent } from '../domain/feed.js';
import { limits } from '../domain/limits.js';
import { eventJsonOfLink, LinkView, type SequencedLink } from '../domain/stored-event.js';
import type { FeedFilter } from './feed-source.js';

/** An event of the tail, which becomes text when somebody wants it. */
export interface TailEvent {
  readonly sequence: number;
  readonly link: Buffer;
  readonly consultationId: string;
  readonly typeBit: number;
  event: FeedEvent | undefined;
}

export class FeedTail {
  /** Gapless, oldest first. */
  private events: TailEvent[] = [];
  /** How many at the front have left. They are cut off now and then. */
  private left = 0;
  private bytes = 0;

  /** `through`: the sequence before the first event that will come. */
  constructor(private lastSequence: number) {}

  /** The newest event it has or had. */
  get through(): number {
    return this.lastSequence;
  }

  /** The oldest event it has; the next one that will come if it has none. */
  get firstSequence(): number {
    return this.lastSequence - (this.events.length - this.left) + 1;
  }

  /** Takes in the events after `through`, and drops the oldest where they are too many. */
  push(links: readonly SequencedLink[]): TailEvent[] {
    const added = links.map(({ sequence, link }): TailEvent => {
      const view = new LinkView(link);
      const { consultationId } = view;
      return { sequence, link, consultationId, typeBit: typeBit(view.typeCode), event: undefined };
    });
    for (const event of added) {
      this.events.push(event);
      this.bytes += event.link.length;
      this.lastSequence = event.sequence;
    }
    this.trim(added.length);
    return added;
  }

  /** The newest `kept` stay whatever their size, since they were not looked at yet. */
  private trim(kept: number): void {
    while (this.events.length - this.left > kept) {
      const count = this.events.length - this.left;
      if (count <= limits.feedTailEventsMax && this.bytes <= limits.feedTailBytesMax) break;
      this.bytes -= (this.events[this.left] as TailEvent).link.length;
      this.left += 1;
    }
    if (this.left > 1024 && this.left * 2 > this.events.length) {
      this.events = this.events.slice(this.left);
      this.left = 0;
    }
  }

  /** What a filter takes of the events from `from` on, which must be here: as much as a batch holds. */
  slice({ consultationId, typeMask }: FeedFilter, from: number): FeedBatch {
    const events: FeedEvent[] = [];
    let bytes = 0;
    for (let index = this.left + from - this.firstSequence; index < this.events.length; index += 1) {
      const entry = this.events[index] as TailEvent;
      if ((entry.typeBit & typeMask) === 0) continue;
      if (consultationId !== undefined && entry.consultationId !== consultationId) continue;
      if (bytes > 0 && bytes + entry.link.length > limits.feedBatchBytesMax) {
        return { events, through: entry.sequence - 1 };
      }
      entry.event ??= feedEventOf(entry);
      events.push(entry.event);
      bytes += entry.link.length;
    }
    return { events, through: this.lastSequence };
  }
}

/** An event as the feed gives it. */
export function feedEventOf({ sequence, link }: SequencedLink): FeedEvent {
  const view = new LinkView(link);
  const { version, consultationId, type } = view;
  return { sequence, version, consultationId, type, json: eventJsonOfLink({ sequence, link }) };
}
