/**
 * Following a store in another process. Each batch is asked for when somebody wants it, so that the back-pressure is
 * the same as without a socket. A place in the order of events is a number, so a feed goes on from its own when
 * the store was away: whoever follows sees a pause and misses nothing.
 */
import { assert, CodedError } from '../domain/errors.js';
import type { EventFeed, FollowQuery } from '../store/event-store.js';
import type { FeedStep } from './protocol.js';
import type { StoreLink } from './store-link.js';

type Result = Awaited<ReturnType<EventFeed['next']>>;

const DONE: Result = { done: true, value: undefined };

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export class RemoteFeed implements EventFeed {
  /** Where the last batch ended; `undefined` before the first. */
  private through: number | undefined;
  private waiting: Waiting | undefined;
  private hasEnded = false;

  private constructor(
    private readonly link: StoreLink,
    private readonly query: FollowQuery,
    private feedId: number,
  ) {}

  static async open(link: StoreLink, query: FollowQuery): Promise<RemoteFeed> {
    return new RemoteFeed(link, query, await link.call('follow', query));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One call at a time. */
  next(): Promise<Result> {
    assert(this.waiting === undefined, 'a feed is asked for one batch at a time');
    if (this.hasEnded) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      void this.step();
    });
  }

  /** Ends it, also while a batch is waited for: that one is then the end. */
  async return(): Promise<Result> {
    if (this.hasEnded) return DONE;
    this.end();
    this.giveBack();
    return DONE;
  }

  private end(): void {
    this.hasEnded = true;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(DONE);
  }

  private async step(): Promise<void> {
    try {
      const batch = await this.fetch();
      if (batch === undefined) this.end();
      else {
        this.through = batch.through;
        const { waiting } = this;
        this.waiting = undefined;
        waiting?.resolve({ done: false, value: batch });
      }
    } catch (error) {
      const { waiting } = this;
      this.waiting = undefined;
      this.hasEnded = true;
      waiting?.reject(error);
    }
  }

  private async fetch(): Promise<FeedStep> {
    for (;;) {
      try {
        return await this.link.call('next', this.feedId, 'feed');
      } catch (error) {
        // What is only read to its end is not waited for: whoever reads it sees that it is not whole.
        if (!isAway(error) || this.query.endsAtHead || this.through === undefined) throw error;
      }
      await this.resume(this.through + 1);
      if (this.hasEnded) return undefined;
    }
  }

  /** Follows anew from a sequence, once the store is there again. */
  private async resume(sequence: number): Promise<void> {
    for (;;) {
      await this.link.connected();
      if (this.hasEnded) return;
      try {
        this.feedId = await this.link.call('follow', { ...this.query, from: { sequence } });
        // It says where it starts, which is known.
        await this.link.call('next', this.feedId, 'feed');
        if (this.hasEnded) this.giveBack();
        return;
      } catch (error) {
        if (!isAway(error)) throw error;
      }
    }
  }

  /** The store forgets it; if the store is not there it has. */
  private giveBack(): void {
    this.link.call('return', this.feedId).catch(() => undefined);
  }
}

function isAway(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'STORE_UNREACHABLE';
}
