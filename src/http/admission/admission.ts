/**
 * Decides which requests are worked on, in what order, and which are refused before any work is spent on them.
 *
 * While the service keeps up, a request is worked on at the end of the turn of the event loop that it came with, in the
 * order in which it came: reading all sockets first and then working on all requests costs each of them less than
 * reading and working by turns. As soon as one turn has more to do than `limits.sliceMs`, requests wait here, as the
 * bytes they came as, and are taken in slices of that length, critical ones first, with the sockets read in between: so
 * the wait is in a queue with an order and an age, and not in buffers of sockets that have neither.
 */
import { CodedError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { Priority } from '../../domain/priority.js';
import type { Load, QueueFigures } from '../../ops/load.js';
import { endTurn } from '../../ops/turn.js';
import { AdmissionQueue, type DropReason, type QueueLimits, type WaitingRequest } from './admission-queue.js';

/** A request that may have to wait. */
export interface Work {
  /** Works on it now. */
  begin(): void;
  /** Answers it with an error; nothing was done for it. */
  refuse(error: CodedError): void;
  /** Whether nobody waits for its answer any more. */
  isGone(): boolean;
}

/** The event loop, as far as admission needs it. */
export interface Turns {
  /** A clock that never goes back, in milliseconds. */
  nowMs(): number;
  /** Runs something once, when what this turn of the event loop has read is done with. */
  atEndOfTurn(run: () => void): void;
  /** Says that all which came with this turn was worked on. */
  ended(): void;
}

export interface AdmissionOptions extends QueueLimits {
  load: () => Load;
  turns?: Turns;
}

type Waiting = WaitingRequest & { readonly work: Work };
type Counts = Record<Priority, number>;
/** `gone`: its client had hung up, so nobody was refused. */
type Dropped = DropReason | 'gone';

const EVENT_LOOP: Turns = {
  nowMs: () => performance.now(),
  atEndOfTurn: (run) => void setImmediate(run),
  ended: endTurn,
};

/** Fewer requests than this say little about how long one takes. */
const MEASURED_MIN = 10;

/** Made once: a stack for each of a hundred thousand refusals a second would cost more than the refusals. */
const REFUSALS: Readonly<Record<DropReason, CodedError>> = {
  full: new CodedError('OVERLOADED', 'Too many events wait to be stored. Send it again after Retry-After.'),
  late: new CodedError('OVERLOADED', 'It would wait too long to be stored. Send it again after Retry-After.'),
};

export class Admission {
  private readonly queue: AdmissionQueue<Waiting>;
  private readonly turns: Turns;
  private readonly begun: Counts = { critical: 0, routine: 0 };
  private readonly dropped: Record<Priority, Record<Dropped, number>> = {
    critical: { full: 0, late: 0, gone: 0 },
    routine: { full: 0, late: 0, gone: 0 },
  };
  /** Told of the first request that is dropped after none was for a while. */
  private onShedding: () => void = () => {};
  private lastDropMs = Number.NEGATIVE_INFINITY;
  private isTurnMarked = false;
  /** When the first request of this turn was read. */
  private turnMs = 0;
  /** Requests that need not wait, until the end of the turn that they came with. */
  private entered: Work[] = [];
  /** Whether requests were left over at the end of the last slice, when that was, and the one before. */
  private isQueueing = false;
  private sliceEndMs = 0;
  private readSinceMs = 0;

  constructor(private readonly options: AdmissionOptions) {
    this.turns = options.turns ?? EVENT_LOOP;
    this.queue = new AdmissionQueue(options);
  }

  /** Whether a request need not wait for others; then `enter` is to be called for it, and otherwise `wait`. */
  isOpen(bytes: number): boolean {
    if (this.queue.size > 0 || this.entered.length >= limits.enteredMax) return false;
    const nowMs = this.turns.nowMs();
    if (!this.isTurnMarked) this.markTurn(nowMs);
    else if (nowMs - this.turnMs > limits.sliceMs) return false;
    return this.queue.refusalOf('routine', bytes, nowMs, this.options.load(), nowMs) === undefined;
  }

  /** Takes a request to be worked on at the end of this turn of the event loop. */
  enter(work: Work): void {
    this.entered.push(work);
  }

  /** Takes a request to be worked on in its turn, or refuses it now. */
  wait(priority: Priority, bytes: number, work: Work): void {
    const nowMs = this.turns.nowMs();
    if (!this.isTurnMarked) this.markTurn(nowMs);
    const arrivedMs = this.earliestArrivalMs(nowMs);
    const reason = this.queue.refusalOf(priority, bytes, arrivedMs, this.options.load(), nowMs);
    if (reason !== undefined) this.drop(priority, reason, work);
    else {
      const untilMs = this.queue.deadlineMs(priority, arrivedMs, nowMs);
      this.queue.push({ priority, bytes, arrivedMs, untilMs, work }, nowMs);
    }
  }

  /** Counts a request that is worked on. */
  countBegun(priority: Priority): void {
    this.begun[priority] += 1;
  }

  /**
   * Whether a request that came at `arrivedMs` would be taken now, asked about bytes that nobody has parsed;
   * `promised` others were told so and are on their way.
   */
  takes(priority: Priority, bytes: number, arrivedMs: number, promised: number): boolean {
    const nowMs = this.turns.nowMs();
    const load = this.options.load();
    return this.queue.refusalOf(priority, bytes, arrivedMs, load, nowMs, promised) === undefined;
  }

  /** The opposite of `takes`, for one that is refused if it is not taken: it is counted. */
  refuses(priority: Priority, bytes: number, arrivedMs: number, promised: number): boolean {
    const nowMs = this.turns.nowMs();
    const reason = this.queue.refusalOf(priority, bytes, arrivedMs, this.options.load(), nowMs, promised);
    if (reason !== undefined) this.countDrop(priority, reason, nowMs);
    return reason !== undefined;
  }

  /** When bytes that are read now can have come at the earliest. */
  earliestArrivalMs(nowMs = this.turns.nowMs()): number {
    // While requests are left over, the loop never sleeps: what is read came after it last looked, which was
    // before the last slice. Otherwise it looked when this turn began.
    if (this.isQueueing) return this.readSinceMs;
    return this.isTurnMarked ? this.turnMs : nowMs;
  }

  /** For one listener: the first request is dropped after none was for `limits.sheddingRestMs`. */
  whenShedding(listener: () => void): void {
    this.onShedding = listener;
  }

  /** For how long no request was dropped. */
  restMs(): number {
    return this.turns.nowMs() - this.lastDropMs;
  }

  figures(): QueueFigures {
    const { eventsMax, bytesMax } = this.options;
    const { events, bytes, ageMs } = this.options.load();
    const waiting = this.queue.counts();
    const receivedOf = (priority: Priority): number => {
      const { full, late, gone } = this.dropped[priority];
      return this.begun[priority] + full + late + gone + waiting[priority];
    };
    return {
      events: events + this.queue.size,
      eventsMax,
      bytes: bytes + this.queue.byteCount,
      bytesMax,
      ageMs: Math.max(ageMs, this.queue.ageMs(this.turns.nowMs())),
      received: { critical: receivedOf('critical'), routine: receivedOf('routine') },
      accepted: { ...this.begun },
      dropped: { critical: { ...this.dropped.critical }, routine: { ...this.dropped.routine } },
    };
  }

  private markTurn(nowMs: number): void {
    this.isTurnMarked = true;
    this.turnMs = nowMs;
    this.turns.atEndOfTurn(this.endTurn);
  }

  private readonly endTurn = (): void => {
    this.workEntered();
    const startMs = this.turns.nowMs();
    const wasQueueing = this.isQueueing;
    const sinceMs = wasQueueing ? this.sliceEndMs : this.turnMs;
    const begun = this.queue.size === 0 ? 0 : this.workSlice(startMs);
    const endMs = begun === 0 ? startMs : this.turns.nowMs();
    if (wasQueueing && begun >= MEASURED_MIN) this.queue.measured(begun, endMs - sinceMs);
    this.isQueueing = this.queue.size > 0;
    this.readSinceMs = sinceMs;
    this.sliceEndMs = endMs;
    this.isTurnMarked = this.isQueueing;
    if (this.isQueueing) this.turns.atEndOfTurn(this.endTurn);
    this.turns.ended();
  };

  private workEntered(): void {
    const { entered } = this;
    this.entered = [];
    for (const work of entered) work.begin();
  }

  /** Works on what waits for the length of a slice, and answers how many were begun. */
  private workSlice(startMs: number): number {
    const isShedding = startMs - this.lastDropMs < limits.sheddingRestMs;
    const sliceMs = isShedding ? limits.sheddingSliceMs : limits.sliceMs;
    let begun = 0;
    for (let nowMs = startMs; ; nowMs = this.turns.nowMs()) {
      const spentMs = nowMs - startMs;
      if (spentMs >= sliceMs && (begun >= limits.sliceRequestsMin || spentMs >= limits.sliceMsMax)) break;
      const waiting = this.queue.take(nowMs);
      if (waiting === undefined) break;
      const { priority, work } = waiting;
      if (work.isGone()) {
        this.dropped[priority].gone += 1;
        work.refuse(REFUSALS.late);
      } else if (this.queue.isLate(waiting, nowMs)) this.drop(priority, 'late', work);
      else {
        work.begin();
        begun += 1;
      }
    }
    return begun;
  }

  private drop(priority: Priority, reason: DropReason, work: Work): void {
    this.countDrop(priority, reason, this.turns.nowMs());
    work.refuse(REFUSALS[reason]);
  }

  private countDrop(priority: Priority, reason: DropReason, nowMs: number): void {
    this.dropped[priority][reason] += 1;
    const hadRest = nowMs - this.lastDropMs > limits.sheddingRestMs;
    this.lastDropMs = nowMs;
    this.queue.refused(priority, nowMs);
    if (hadRest) this.onShedding();
  }
}
