/** Appends that wait for their place in a block: first come, first served, and bounded. */
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { LogAppend } from './commit-log.js';

/** An accepted append and who waits for it. */
export interface WaitingAppend {
  append: LogAppend;
  firstSequence: number;
  linkBytes: number;
  /** When it was accepted, as of `performance.now()`. */
  acceptedMs: number;
  resolve: (firstSequence: number) => void;
  reject: (error: Error) => void;
}

export class CommitQueue {
  private waiting: WaitingAppend[] = [];
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

  /** When the oldest that waits was accepted. */
  get oldestMs(): number | undefined {
    return this.waiting[0]?.acceptedMs;
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
    let count = 0;
    let bytes = 0;
    for (const { linkBytes } of this.waiting) {
      if (count > 0 && bytes + linkBytes > limits.blockBytesMax) break;
      bytes += linkBytes;
      count += 1;
    }
    return this.take(count);
  }

  /** Takes everything. */
  takeAll(): WaitingAppend[] {
    return this.take(this.waiting.length);
  }

  private take(count: number): WaitingAppend[] {
    const taken = this.waiting.splice(0, count);
    for (const { append, linkBytes } of taken) {
      this.events -= append.links.length;
      this.bytes -= linkBytes;
    }
    return taken;
  }
}
