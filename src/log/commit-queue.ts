/** Appends that wait for their place in a block: first come, first served, and bounded. */
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { LogAppend } from './commit-log.js';

/** An accepted append and who waits for it. */
export interface WaitingAppend {
  append: LogAppend;
  firstSequence: number;
  linkBytes: number;
  resolve: (firstSequence: number) => void;
  reject: (error: Error) => void;
}

export class CommitQueue {
  private waiting: WaitingAppend[] = [];
  private head = 0;
  private events = 0;
  private bytes = 0;

  /** Events that wait. */
  get eventCount(): number {
    return this.events;
  }

  /** Bytes of the links that wait. */
  get byteCount(): number {
    return this.bytes;
  }

  /** Throws OVERLOADED if an append of this size has no room. */
  checkRoom(eventCount: number, linkBytes: number): void {
    const fits =
      this.events + eventCount <= limits.queueEventsMax && this.bytes + linkBytes <= limits.queueBytesMax;
    if (!fits) throw new CodedError('OVERLOADED', 'Too many events wait to be stored. Try again shortly.');
  }

  push(item: WaitingAppend): void {
    this.waiting.push(item);
    this.events += item.append.links.length;
    this.bytes += item.linkBytes;
  }

  /** Takes what fits into one block, at least one append. */
  takeBlock(): WaitingAppend[] {
    const start = this.head;
    let bytes = 0;
    while (this.head < this.waiting.length) {
      const next = this.waiting[this.head] as WaitingAppend;
      if (this.head > start && bytes + next.linkBytes > limits.blockBytesMax) break;
      bytes += next.linkBytes;
      this.events -= next.append.links.length;
      this.head += 1;
    }
    this.bytes -= bytes;
    const block = this.waiting.slice(start, this.head);
    if (this.head === this.waiting.length) {
      this.waiting = [];
      this.head = 0;
    }
    return block;
  }

  /** Takes everything. */
  takeAll(): WaitingAppend[] {
    const all = this.waiting.slice(this.head);
    this.waiting = [];
    this.head = 0;
    this.events = 0;
    this.bytes = 0;
    return all;
  }
}
