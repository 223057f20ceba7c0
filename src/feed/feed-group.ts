/** Those who follow the same: what is cut out of the tail for one of them is given to all. */
import type { FeedBatch } from '../domain/feed.js';
import type { FeedFilter } from './feed-source.js';
import type { FeedTail } from './feed-tail.js';
import type { Subscription } from './subscription.js';

export class FeedGroup {
  /** How many belong to it. */
  members = 0;
  /** Those who wait, and have all there is up to the end of the tail. */
  readonly parked = new Set<Subscription>();
  /** The end of the tail when those who were parked were last called. */
  calledAt = 0;
  private memo: { tail: FeedTail; from: number; to: number; batch: FeedBatch } | undefined;

  constructor(
    readonly key: string,
    readonly filter: FeedFilter,
  ) {}

  /** What it takes of the tail from `from` on; the same object again while the tail is the same. */
  slice(tail: FeedTail, from: number): FeedBatch {
    const { memo } = this;
    const to = tail.through;
    if (memo?.tail === tail && memo.from === from && memo.to === to) return memo.batch;
    const batch = tail.slice(this.filter, from);
    this.memo = { tail, from, to, batch };
    return batch;
  }

  forgetSlice(): void {
    this.memo = undefined;
  }
}
