/**
 * Somebody who follows: a place in the order of events, and at most one promise that is waited for. Nothing is
 * kept for one who does not ask, so one who is slow or idle costs the same few hundred bytes.
 */

import { assert } from '../domain/errors.js';
import type { FeedBatch } from '../domain/feed.js';
import type { FeedGroup } from './feed-group.js';

/** What a subscription asks of the feed. */
export interface SubscriptionHost {
  /** It waits for what comes from its `nextSequence` on. */
  want(subscription: Subscription): void;
  /** It ended. */
  leave(subscription: Subscription): void;
}

type Result = IteratorResult<FeedBatch, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const DONE: Result = { done: true, value: undefined };

/** Its first batch comes at once and has no events: it says where following starts. */
export class Subscription implements AsyncIterableIterator<FeedBatch, undefined, undefined> {
  /** The first event that it was not given yet; what its filter does not take counts as given. */
  nextSequence: number;
  /** The `through` of the newest batch that it was given. */
  givenThrough: number;
  private waiting: Waiting | undefined;
  private hasStarted = false;
  private hasEnded = false;
  private failure: unknown;

  constructor(
    private readonly host: SubscriptionHost,
    readonly group: FeedGroup,
    from: number,
  ) {
    this.nextSequence = from;
    this.givenThrough = from - 1;
  }

  get isWaiting(): boolean {
    return this.waiting !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One call at a time. */
  next(): Promise<Result> {
    assert(this.waiting === undefined, 'a subscription is asked for one batch at a time');
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.resolve(DONE);
    if (!this.hasStarted) {
      this.hasStarted = true;
      return Promise.resolve({ done: false, value: { events: [], through: this.givenThrough } });
    }
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.host.want(this);
    });
  }

  /** Ends it, also while a batch is waited for: that one is then the end. */
  async return(): Promise<Result> {
    this.end();
    return DONE;
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.host.leave(this);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(DONE);
  }

  /** Gives what it waits for. */
  give(batch: FeedBatch): void {
    const { waiting } = this;
    assert(waiting !== undefined && batch.through >= this.nextSequence - 1, 'batches follow one another');
    this.waiting = undefined;
    this.nextSequence = batch.through + 1;
    this.givenThrough = batch.through;
    waiting.resolve({ done: false, value: batch });
  }

  /** Ends it with an error, which the next batch that is asked for rejects with. */
  fail(error: unknown): void {
    if (this.hasEnded) return;
    const { waiting } = this;
    this.waiting = undefined;
    this.failure = error;
    this.end();
    waiting?.reject(error);
  }
}
