/** A feed's source that a test lets grow: pages and links come late, and are as the store would give them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { typeBit } from '../../src/domain/event-type-mask.js';
import type { FeedBatch } from '../../src/domain/feed.js';
import { LinkView, type SequencedLink } from '../../src/domain/stored-event.js';
import type { FeedFilter, FeedSource } from '../../src/feed/feed-source.js';
import { feedEventOf } from '../../src/feed/feed-tail.js';

export interface GrowingSource extends FeedSource {
  /** How many of the links are durable now. */
  head: number;
  /** How often links for the tail, and pages, were read. */
  readonly reads: { links: number; pages: number };
}

export function takes({ consultationId, typeMask }: FeedFilter, { link }: SequencedLink): boolean {
  const view = new LinkView(link);
  const isWanted = consultationId === undefined || view.consultationId === consultationId;
  return isWanted && (typeBit(view.typeCode) & typeMask) !== 0;
}

/** Pages end at multiples of `pageEvents`. */
export function growingSource(links: readonly SequencedLink[], pageEvents: number): GrowingSource {
  const source: GrowingSource = {
    head: 0,
    reads: { links: 0, pages: 0 },
    headSequence: () => source.head,
    async links(from, to) {
      source.reads.links += 1;
      await nextTurn();
      return links.slice(from - 1, to);
    },
    async page(filter, from, to): Promise<FeedBatch> {
      source.reads.pages += 1;
      await nextTurn();
      const through = Math.min(to, Math.ceil(from / pageEvents) * pageEvents);
      const wanted = links.slice(from - 1, through).filter((one) => takes(filter, one));
      return { events: wanted.map(feedEventOf), through };
    },
  };
  return source;
}
