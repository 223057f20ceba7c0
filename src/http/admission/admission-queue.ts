/**
 * The queue in front of the log, and the rules by which it takes, orders and drops. No clock and no I/O: every
 * time is given, in milliseconds.
 *
 * A rule that refuses a critical request refuses every routine one in the same state as well: routine requests
 * have a share of each bound, critical ones the whole; critical ones go first, so only critical ones are ahead of
 * them; and they may wait longer. The state may differ from one connection to the next, since one may have been read
 * later than another: so after a critical request was refused, no routine one is taken or worked on for a while.
 *
 * How long a routine request may wait follows "controlled delay" (B. Maurer, "Fail at Scale", ACM Queue 13(8),
 * 2015, after CoDel, RFC 8289): a queue that was empty a moment ago only takes up a burst, and its requests have
 * the whole limit. One that was not empty for as long as the limit is standing: more comes than can be done, and a long
 * wait would help nobody. Then, and for as long after the last refusal, they have a twentieth of it, as CoDel's
 * target is a twentieth of its interval, and are refused at once when what is ahead of them takes longer.
 */
import type { Priority } from '../../domain/priority.js';
import type { Load } from '../../ops/load.js';
import { Fifo } from './fifo.js';

export interface QueueLimits {
  /** Requests waiting here and events waiting for the log, together. */
  eventsMax: number;
  /** Their bytes, together. */
  bytesMax: number;
  /** How long a routine request may wait. */
  waitMs: number;
}

export interface WaitingRequest {
  readonly priority: Priority;
  readonly bytes: number;
  /** When it can have come at the earliest. */
  readonly arrivedMs: number;
  /** Work on it must have begun by then; as `deadlineMs` says when it is pushed. */
  readonly untilMs: number;
}

/** `full`: there is no room. `late`: it waited too long, or would. */
export type DropReason = 'full' | 'late';

/** What of each bound routine requests may fill; the rest is kept for critical ones. */
export const ROUTINE_SHARE = 0.75;
/** What a routine request may wait while more comes than can be done, as a part of the limit. */
export const STANDING_SHARE = 0.05;
/** How much longer than a routine request a critical one may wait. */
export const CRITICAL_WAIT_FACTOR = 4;

/** For how long no routine request is taken after a critical one was refused. */
export const CRITICAL_ONLY_MS = 1000;

/** Before the first measurement, and as bounds of it: one request's time of the event loop. */
const EACH_MS = { first: 0.1, min: 0.01, max: 10 } as const;
/** The weight of the newest measurement. */
const EACH_WEIGHT = 0.125;

export class AdmissionQueue<T extends WaitingRequest> {
  private readonly critical = new Fifo<T>();
  private readonly routine = new Fifo<T>();
  private bytes = 0;
  private eachMs: number = EACH_MS.first;
  /** Since when something has always waited. */
  private busySinceMs = 0;
  private lastRefusalMs = Number.NEGATIVE_INFINITY;
  private lastCriticalRefusalMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly limits: QueueLimits) {}

  get size(): number {
    return this.critical.size + this.routine.size;
  }

  get byteCount(): number {
    return this.bytes;
  }

  /** How long the oldest has waited; 0 if nothing waits. */
  ageMs(nowMs: number): number {
    const since = Math.min(this.critical.first?.arrivedMs ?? nowMs, this.routine.first?.arrivedMs ?? nowMs);
    return nowMs - since;
  }

  /** How many of each priority wait. */
  counts(): Record<Priority, number> {
    return { critical: this.critical.size, routine: this.routine.size };
  }

  /**
   * Why a request that came at `arrivedMs` is not to be taken now; `undefined` if it is. `promised` counts
   * requests that were told so and are not here yet.
   */
  refusalOf(
    priority: Priority,
    bytes: number,
    arrivedMs: number,
    load: Load,
    nowMs: number,
    promised = 0,
  ): DropReason | undefined {
    const isCritical = priority === 'critical';
    if (!isCritical && this.isForCriticalOnly(nowMs)) return 'late';
    const share = isCritical ? 1 : ROUTINE_SHARE;
    const isFull =
      load.events + this.size + promised >= share * this.limits.eventsMax ||
      load.bytes + this.bytes + bytes > share * this.limits.bytesMax ||
      load.unindexed >= share * load.unindexedMax;
    if (isFull) return 'full';
    const ahead = isCritical ? this.critical.size : this.size + promised;
    // A burst may turn out to be done sooner than it seems.
    const aheadMs = this.isStanding(nowMs) ? ahead * this.eachMs : 0;
    const isLate = nowMs + aheadMs > this.deadlineMs(priority, arrivedMs, nowMs);
    return isLate || load.ageMs > this.longWaitMs(priority) ? 'late' : undefined;
  }

  push(request: T, nowMs: number): void {
    if (this.size === 0) this.busySinceMs = nowMs;
    (request.priority === 'critical' ? this.critical : this.routine).push(request);
    this.bytes += request.bytes;
  }

  /**
   * The next request, critical ones first and each kind in the order it came; `undefined` if none waits. One that
   * is late comes before all others, to be dropped: the answers to later requests of its connection wait for its own.
   */
  take(nowMs: number): T | undefined {
    const { first } = this.routine;
    const isLate = first !== undefined && this.isLate(first, nowMs);
    const request = isLate ? this.routine.shift() : (this.critical.shift() ?? this.routine.shift());
    if (request !== undefined) this.bytes -= request.bytes;
    return request;
  }

  /** Until when work on a request must begin that is pushed now. */
  deadlineMs(priority: Priority, arrivedMs: number, nowMs: number): number {
    const isShort = priority === 'routine' && this.isStanding(nowMs);
    return arrivedMs + this.longWaitMs(priority) * (isShort ? STANDING_SHARE : 1);
  }

  /** Whether a request that was taken is to be dropped before any work. */
  isLate({ priority, untilMs }: WaitingRequest, nowMs: number): boolean {
    return nowMs > untilMs || (priority === 'routine' && this.isForCriticalOnly(nowMs));
  }

  /** A request was refused, or dropped. */
  refused(priority: Priority, nowMs: number): void {
    this.lastRefusalMs = nowMs;
    if (priority === 'critical') this.lastCriticalRefusalMs = nowMs;
  }

  /** Learns how long `count` requests took, all that the event loop does for them included. */
  measured(count: number, durationMs: number): void {
    const each = Math.min(EACH_MS.max, Math.max(EACH_MS.min, durationMs / count));
    this.eachMs += EACH_WEIGHT * (each - this.eachMs);
  }

  private isForCriticalOnly(nowMs: number): boolean {
    return nowMs - this.lastCriticalRefusalMs < CRITICAL_ONLY_MS;
  }

  private isStanding(nowMs: number): boolean {
    const { waitMs } = this.limits;
    return nowMs - this.lastRefusalMs < waitMs || (this.size > 0 && nowMs - this.busySinceMs > waitMs);
  }

  private longWaitMs(priority: Priority): number {
    return this.limits.waitMs * (priority === 'critical' ? CRITICAL_WAIT_FACTOR : 1);
  }
}
