/** Where the feed has events from. The store implements it: the feed knows neither log nor archive nor index. */
import type { FeedBatch } from '../domain/feed.js';
import type { SequencedLink } from '../domain/stored-event.js';

/** Which events somebody wants. */
export interface FeedFilter {
  /** Of this consultation only. */
  readonly consultationId: string | undefined;
  /** Of these types: bit `code - 1` for each (event-types.ts). */
  readonly typeMask: number;
}

/** Gives durable events only. */
export interface FeedSource {
  /** The sequence of the newest durable event; 0 when there is none. */
  headSequence(): number;
  /** The events `from` to `to`, all of which are durable, in order: `limits.feedPageEvents` at most. */
  links(from: number, to: number): Promise<SequencedLink[]>;
  /**
   * The first of the wanted events from `from` on that are not after `to`, which is durable. It may stop before
   * `to`, and says so in `through`, but it always comes at least one event further.
   */
  page(filter: FeedFilter, from: number, to: number): Promise<FeedBatch>;
}
