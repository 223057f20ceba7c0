/**
 * Reads what is no longer in the tail, for those who catch up: a few pages at a time, and one reading for all who
 * want the same page at about the same time, as after a restart.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeedBatch } from '../domain/feed.js';
import { limits } from '../domain/limits.js';
import type { FeedFilter, FeedSource } from './feed-source.js';

export class FeedPages {
  /** The newest pages, read or being read, in the order they were asked for. */
  private readonly recent = new Map<string, Promise<FeedBatch>>();
  private readonly queue: (() => void)[] = [];
  private reading = 0;

  constructor(private readonly source: Pick<FeedSource, 'page'>) {}

  /** The page from `from` on. `filterKey` is the same for the same filter. */
  page(filterKey: string, filter: FeedFilter, from: number, to: number): Promise<FeedBatch> {
    const key = `${filterKey} ${from}`;
    const known = this.recent.get(key);
    if (known !== undefined) return known;
    const page = this.read(filter, from, to);
    this.recent.set(key, page);
    for (const oldest of this.recent.keys()) {
      if (this.recent.size <= limits.feedPagesMax) break;
      this.recent.delete(oldest);
    }
    page.catch(() => this.recent.delete(key));
    return page;
  }

  private async read(filter: FeedFilter, from: number, to: number): Promise<FeedBatch> {
    if (this.reading >= limits.feedReadsMax) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.reading += 1;
    try {
      // Others have their turn. And what counts as durable may be so by the log alone until its turn is over.
      await nextTurn();
      return await this.source.page(filter, from, to);
    } finally {
      // The place goes to the next in the queue, if there is one.
      const next = this.queue.shift();
      if (next === undefined) this.reading -= 1;
      else next();
    }
  }

  /** Forgets what was read: nobody follows any more. */
  clear(): void {
    this.recent.clear();
  }
}
