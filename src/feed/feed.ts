/**
 * Gives committed events to those who follow, in order, each once, none left out.
 *
 * Invariants:
 * - Whoever is parked has everything up to the end of the tail that its filter takes. So the new events of the tail
 *   are all that can concern them, and only those whom one concerns are called.
 * - Whoever waits and is behind the end of the tail is in the queue `ready`, or reads a page of the store.
 * - A subscription moves only by what it is given: the switch from pages to the tail is the same number going on.
 *
 * Nobody can slow the log: it is told nothing but that there is news, one loop does the rest at its own pace, and one
 * who does not ask for the next batch costs nothing.
 */
import { CodedError } from '../domain/errors.js';
import type { FeedBatch } from '../domain/feed.js';
import { limits } from '../domain/limits.js';
import { FeedGroup } from './feed-group.js';
import { FeedPages } from './feed-pages.js';
import type { FeedFilter, FeedSource } from './feed-source.js';
import { FeedTail, type TailEvent } from './feed-tail.js';
import { Pace } from './pace.js';
import { Subscription, type SubscriptionHost } from './subscription.js';

export class Feed implements SubscriptionHost {
  private readonly subscriptions = new Set<Subscription>();
  private readonly groups = new Map<string, FeedGroup>();
  /** The groups of each consultation, and those of all consultations. */
  private readonly ofConsultation = new Map<string, Set<FeedGroup>>();
  private readonly ofAll = new Set<FeedGroup>();
  private readonly ready = new Set<Subscription>();
  /** The groups that keep a slice of the tail for the next of them in the queue. */
  private readonly sliced = new Set<FeedGroup>();
  private readonly pages: FeedPages;
  private readonly pace = new Pace();
  /** Filled only while somebody follows. */
  private tail = new FeedTail(0);
  private isPumping = false;
  private isClosed = false;

  constructor(private readonly source: FeedSource) {
    this.pages = new FeedPages(source);
  }

  /** How many follow. */
  get size(): number {
    return this.subscriptions.size;
  }

  /** There is news in the log. */
  committed(): void {
    if (this.subscriptions.size > 0) this.startPump();
  }

  /**
   * Everything that the filter takes from `from` on, and then what comes, until it is returned. OVERLOADED past
   * `limits.subscribersMax`, POSITION_AHEAD if there is more than nothing between the newest event and `from`.
   */
  follow(filter: FeedFilter, from: number): Subscription {
    this.checkPosition(from);
    if (this.subscriptions.size >= limits.subscribersMax) {
      throw new CodedError('OVERLOADED', 'As many follow the events as can be served. Try again shortly.');
    }
    if (this.subscriptions.size === 0) this.tail = new FeedTail(this.source.headSequence());
    const group = this.join(filter);
    const subscription = new Subscription(this, group, from);
    this.subscriptions.add(subscription);
    return subscription;
  }

  /** Everything that the filter takes from `from` on to the newest event at the time of the call. */
  read(filter: FeedFilter, from: number): AsyncIterableIterator<FeedBatch, undefined, undefined> {
    this.checkPosition(from);
    return this.readTo(filter, from, this.source.headSequence());
  }

  private async *readTo(filter: FeedFilter, from: number, to: number) {
    const start: FeedBatch = { events: [], through: from - 1 };
    yield start;
    for (let next = from; next <= to; ) {
      if (this.isClosed) throw stopping();
      const batch = await this.pages.page(keyOf(filter), filter, next, to);
      next = batch.through + 1;
      if (batch.events.length > 0) yield batch;
    }
    return undefined;
  }

  /** Ends all who follow. */
  close(): void {
    this.isClosed = true;
    for (const subscription of [...this.subscriptions]) subscription.end();
  }

  want(subscription: Subscription): void {
    const { nextSequence, group } = subscription;
    if (nextSequence > this.tail.through) group.parked.add(subscription);
    else if (nextSequence < this.tail.firstSequence) void this.catchUp(subscription);
    else {
      this.ready.add(subscription);
      this.startPump();
    }
  }

  leave(subscription: Subscription): void {
    const { group } = subscription;
    this.subscriptions.delete(subscription);
    this.ready.delete(subscription);
    group.parked.delete(subscription);
    if (this.subscriptions.size === 0) this.forgetEvents();
    group.members -= 1;
    if (group.members > 0) return;
    this.groups.delete(group.key);
    this.ofAll.delete(group);
    const { consultationId } = group.filter;
    if (consultationId === undefined) return;
    const others = this.ofConsultation.get(consultationId);
    others?.delete(group);
    if (others?.size === 0) this.ofConsultation.delete(consultationId);
  }

  private join(filter: FeedFilter): FeedGroup {
    const key = keyOf(filter);
    const known = this.groups.get(key);
    const group = known ?? new FeedGroup(key, filter);
    group.members += 1;
    if (known !== undefined) return group;
    group.calledAt = this.tail.through;
    this.groups.set(key, group);
    if (filter.consultationId === undefined) this.ofAll.add(group);
    else {
      const others = this.ofConsultation.get(filter.consultationId) ?? new Set();
      this.ofConsultation.set(filter.consultationId, others.add(group));
    }
    return group;
  }

  private checkPosition(from: number): void {
    if (this.isClosed) throw stopping();
    const headSequence = this.source.headSequence();
    if (from <= headSequence + 1) return;
    throw new CodedError(
      'POSITION_AHEAD',
      `The newest event is ${headSequence}, so that nothing can go on from ${from}. If the store was restored from a backup, read again from its start.`,
    );
  }

  /** Nobody follows: nothing is kept for those who might. */
  private forgetEvents(): void {
    this.tail = new FeedTail(this.source.headSequence());
    this.pages.clear();
  }

  private startPump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    // Whoever brought the news goes first.
    setImmediate(() => void this.pump());
  }

  private async pump(): Promise<void> {
    try {
      while (this.subscriptions.size > 0) {
        if (this.source.headSequence() > this.tail.through) await this.advance();
        else if (this.ready.size === 0) break;
        if (this.ready.size > 0) await this.pace.turn(() => this.serveSome());
        if (this.ready.size === 0) this.forgetSlices();
      }
    } catch (error) {
      for (const subscription of [...this.subscriptions]) subscription.fail(error);
    } finally {
      this.isPumping = false;
    }
  }

  /** Takes the next events into the tail, and calls those whom one concerns. */
  private async advance(): Promise<void> {
    const { tail } = this;
    const from = tail.through + 1;
    const to = Math.min(this.source.headSequence(), tail.through + limits.feedPageEvents);
    const links = await this.source.links(from, to);
    // Everybody may have left meanwhile, and somebody else have come.
    if (tail !== this.tail) return;
    for (const group of this.concerned(tail.push(links))) {
      group.calledAt = tail.through;
      for (const subscription of group.parked) {
        subscription.nextSequence = Math.max(subscription.nextSequence, from);
        this.ready.add(subscription);
      }
      group.parked.clear();
    }
  }

  /** The groups that take one of the events, and those that should hear how far the feed is. */
  private concerned(events: readonly TailEvent[]): Set<FeedGroup> {
    const groups = new Set<FeedGroup>();
    let typeMask = 0;
    for (const event of events) {
      typeMask |= event.typeBit;
      const ofConsultation = this.ofConsultation.get(event.consultationId);
      if (ofConsultation === undefined) continue;
      for (const group of ofConsultation) if (group.filter.typeMask & event.typeBit) groups.add(group);
    }
    for (const group of this.ofAll) {
      const isLate = this.tail.through - group.calledAt >= limits.feedProgressEvents;
      if (group.filter.typeMask & typeMask || isLate) groups.add(group);
    }
    return groups;
  }

  private serveSome(): void {
    let served = 0;
    for (const subscription of this.ready) {
      this.ready.delete(subscription);
      this.serve(subscription);
      served += 1;
      if (served >= limits.feedWakesPerTurn) break;
    }
  }

  private serve(subscription: Subscription): void {
    const { nextSequence, group } = subscription;
    if (nextSequence < this.tail.firstSequence || nextSequence > this.tail.through) {
      this.want(subscription);
      return;
    }
    const batch = group.slice(this.tail, nextSequence);
    this.sliced.add(group);
    if (isWorthGiving(subscription, batch)) subscription.give(batch);
    else {
      subscription.nextSequence = batch.through + 1;
      group.parked.add(subscription);
    }
  }

  private forgetSlices(): void {
    for (const group of this.sliced) group.forgetSlice();
    this.sliced.clear();
  }

  private async catchUp(subscription: Subscription): Promise<void> {
    const { group, nextSequence } = subscription;
    try {
      const batch = await this.pages.page(group.key, group.filter, nextSequence, this.tail.through);
      if (!subscription.isWaiting) return;
      if (isWorthGiving(subscription, batch)) subscription.give(batch);
      else {
        subscription.nextSequence = batch.through + 1;
        this.want(subscription);
      }
    } catch (error) {
      subscription.fail(error);
    }
  }
}

/** An empty batch is given now and then, so that one who comes again does not look through all of it again. */
function isWorthGiving({ givenThrough }: Subscription, { events, through }: FeedBatch): boolean {
  return events.length > 0 || through - givenThrough >= limits.feedProgressEvents;
}

function keyOf({ consultationId = '', typeMask }: FeedFilter): string {
  return `${typeMask} ${consultationId}`;
}

function stopping(): CodedError {
  return new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again shortly.');
}
