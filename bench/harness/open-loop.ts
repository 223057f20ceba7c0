/**
 * An open loop: requests are due at a fixed rate, whether or not the ones before are answered, as from people who
 * know nothing of each other. A service that stalls is then asked all the same, and everything it held up counts.
 *
 * Each request has two latencies. *Corrected* is from when it was due: what its sender would have seen. *Uncorrected*
 * is from when it went onto a connection: what a client that waits for its turn would have called it
 * (Gil Tene, "How NOT to Measure Latency": coordinated omission).
 */
import type { Histogram } from 'hdr-histogram-js';
import { type Load, openConnections, unexpectedAnswers } from './closed-loop.js';
import { goFirst } from './generator-priority.js';
import type { HttpConnection } from './http-connection.js';
import { newHistogram, recordMs } from './measures.js';

/** The generator fell behind when more than this share of requests were seen this much after they were due. */
const LATE_MS = 5;
const LATE_SHARE_MAX = 0.01;
/** The service kept up when it answered at this share of the rate. */
const KEPT_UP_SHARE = 0.98;
/** So long the last answers are waited for. */
const DRAIN_SECONDS_MAX = 10;
/**
 * A timer fires up to a millisecond late. What is due sooner is waited for in naps with a look at the sockets between them:
 * turning the event loop without a pause would take a whole processor from the service, and be moved off it when it matters.
 * An answer may wait for the end of a nap, which counts as latency.
 */
const TIMER_SLACK_MS = 1.5;
const NAP_MS = 0.05;

const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

export interface FixedRateLoad extends Load {
  ratePerSecond: number;
}

interface Counts {
  due: number;
  answered: number;
  /** Answers of another status than was expected. */
  unexpected: number;
  /** Requests that the generator sent much later than they were due. */
  late: number;
  /** From the first that was due to the last answer. */
  seconds: number;
}

export interface OpenLoopResult extends Counts {
  /** Microseconds from when each was due. */
  corrected: Histogram;
  /** Microseconds from when each was sent. */
  uncorrected: Histogram;
  /** Microseconds by which the generator itself noticed late that a request was due. */
  lateness: Histogram;
  /** Reasons that the figures must not be quoted. */
  invalid: string[];
}

/** Loads a service at a fixed rate. Throws if a connection breaks. */
export async function openLoop(load: FixedRateLoad): Promise<OpenLoopResult> {
  let broken: ((error: Error) => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    broken = reject;
  });
  const connections = await openConnections(load, (error) => broken?.(error));
  const asBefore = goFirst();
  const run = new FixedRateRun(load, connections);
  try {
    await Promise.race([run.done(), failed]);
  } finally {
    asBefore();
    run.stop();
    for (const connection of connections) connection.close();
  }
  return run.result();
}

class FixedRateRun {
  private readonly corrected = newHistogram();
  private readonly uncorrected = newHistogram();
  private readonly lateness = newHistogram();
  private readonly count: number;
  private readonly intervalMs: number;
  private readonly startedMs = performance.now();
  /** Requests that are due and have no connection yet: from `queueHead` on, each by its number. */
  private readonly queue: number[] = [];
  private queueHead = 0;
  private noticed = 0;
  private answered = 0;
  private unexpected = 0;
  private lateCount = 0;
  private lastAnswerMs = this.startedMs;
  private stopped = false;
  private finish: () => void = () => undefined;

  constructor(
    private readonly load: FixedRateLoad,
    private readonly idle: HttpConnection[],
  ) {
    this.idle = [...idle];
    this.count = Math.max(1, Math.round(load.ratePerSecond * load.seconds));
    this.intervalMs = 1000 / load.ratePerSecond;
  }

  /** Resolves when all are answered, or it takes too long. */
  done(): Promise<void> {
    return new Promise((resolve) => {
      this.finish = resolve;
      this.tick();
    });
  }

  stop(): void {
    this.stopped = true;
  }

  private dueMs(index: number): number {
    return this.startedMs + index * this.intervalMs;
  }

  private readonly tick = (): void => {
    if (this.stopped) return;
    let now = performance.now();
    while (this.noticed < this.count && this.dueMs(this.noticed) <= now) {
      const lateMs = now - this.dueMs(this.noticed);
      recordMs(this.lateness, lateMs);
      if (lateMs > LATE_MS) this.lateCount += 1;
      this.queue.push(this.noticed);
      this.noticed += 1;
      // In turn, for a service closes a connection that nothing comes from.
      const connection = this.idle.shift();
      if (connection !== undefined) this.sendNext(connection);
      now = performance.now();
    }
    this.load.onProgress?.(this.noticed / this.count);
    if (this.noticed < this.count) this.wait(this.dueMs(this.noticed) - performance.now());
    else setTimeout(this.finish, DRAIN_SECONDS_MAX * 1000).unref();
  };

  private wait(milliseconds: number): void {
    if (milliseconds > TIMER_SLACK_MS + 1) {
      setTimeout(this.tick, milliseconds - TIMER_SLACK_MS);
      return;
    }
    if (milliseconds > 0) Atomics.wait(NEVER_WOKEN, 0, 0, Math.min(milliseconds, NAP_MS));
    setImmediate(this.tick);
  }

  private sendNext(connection: HttpConnection): void {
    const index = this.queue[this.queueHead];
    if (index === undefined) {
      this.idle.push(connection);
      return;
    }
    this.queueHead += 1;
    const sentMs = performance.now();
    connection.send(this.load.request(index), (status) => {
      const now = performance.now();
      recordMs(this.corrected, now - this.dueMs(index));
      recordMs(this.uncorrected, now - sentMs);
      if (status !== this.load.status) this.unexpected += 1;
      this.answered += 1;
      this.lastAnswerMs = now;
      if (this.answered === this.count) this.finish();
      else this.sendNext(connection);
    });
  }

  result(): OpenLoopResult {
    const { corrected, uncorrected, lateness, answered, unexpected, lateCount: late, count: due } = this;
    const seconds = (this.lastAnswerMs - this.startedMs) / 1000;
    const invalid = reasonsAgainst(this.load, [{ due, answered, unexpected, late, seconds }]);
    return { due, answered, unexpected, late, seconds, corrected, uncorrected, lateness, invalid };
  }
}

/** Several rounds as one: their counts together, their samples together, and judged together. */
export function allRounds(
  load: Pick<FixedRateLoad, 'ratePerSecond' | 'status'>,
  rounds: readonly OpenLoopResult[],
): OpenLoopResult {
  const total = (of: keyof Counts): number => rounds.reduce((sum, round) => sum + round[of], 0);
  const merged = (of: 'corrected' | 'uncorrected' | 'lateness'): Histogram => {
    const all = newHistogram();
    for (const round of rounds) all.add(round[of]);
    return all;
  };
  return {
    due: total('due'),
    answered: total('answered'),
    unexpected: total('unexpected'),
    late: total('late'),
    seconds: total('seconds'),
    corrected: merged('corrected'),
    uncorrected: merged('uncorrected'),
    lateness: merged('lateness'),
    invalid: reasonsAgainst(load, rounds),
  };
}

/**
 * Why the figures of one or more rounds under the same load must not be quoted. What is judged is what is quoted, all rounds
 * together: of a few hundred requests one stall of the machine makes more late than are allowed.
 */
export function reasonsAgainst(
  { ratePerSecond, status }: Pick<FixedRateLoad, 'ratePerSecond' | 'status'>,
  rounds: readonly Counts[],
): string[] {
  const total = (of: keyof Counts): number => rounds.reduce((sum, round) => sum + round[of], 0);
  const [due, answered] = [total('due'), total('answered')];
  const reasons = unexpectedAnswers(total('unexpected'), status);
  const lateShare = total('late') / due;
  if (lateShare > LATE_SHARE_MAX) {
    const share = `${(lateShare * 100).toFixed(1)} %`;
    reasons.push(
      `the generator fell behind its rate: ${share} of the requests were sent ${LATE_MS} ms late or more`,
    );
  }
  if (answered < due) reasons.push(`${due - answered} requests were not answered`);
  const perSecond = answered / total('seconds');
  if (perSecond < ratePerSecond * KEPT_UP_SHARE) {
    reasons.push(`the service answered ${perSecond.toFixed(0)} requests/s of ${ratePerSecond}`);
  }
  return reasons;
}
