/**
 * A flood: requests at a fixed rate, far past what the service can do, of which most are refused.
 *
 * Where the harness's open loop finds how long answers take, this one finds what becomes of requests, and of each
 * priority apart. What the generator could not send, because its sockets were full, is counted and not sent later.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import { newHistogram, recordMs } from '../harness/measures.js';
import type { Burst } from './bursts.js';
import { FloodConnection, type SentBurst } from './flood-connection.js';

export interface FloodLoad {
  url: string;
  connections: number;
  seconds: number;
  ratePerSecond: number;
  bursts: readonly Burst[];
  onProgress?: (share: number) => void;
}

/** What became of the requests of one priority. */
export interface Fate {
  accepted: number;
  refused: number;
  /** Of the accepted ones, in microseconds: from when they were due, and from when they were sent. */
  fromDue: Histogram;
  fromSent: Histogram;
}

export interface FloodResult {
  /** From the first request to the last that was due. */
  seconds: number;
  sent: number;
  /** Due, but the sockets were full. */
  unsent: number;
  unanswered: number;
  /** Answered with neither 201 nor 503. */
  failed: number;
  critical: Fate;
  routine: Fate;
  acceptedBySecond: number[];
  refusedBySecond: number[];
  /** Tenths of a second in which a critical request was refused and a routine one accepted. */
  unjustTenths: number;
}

const TICK_MS = 2;
const TENTH_MS = 100;
/** How long answers to the last requests are waited for. */
const DRAIN_MS_MAX = 10_000;

/** Floods a service. Throws if a connection breaks. */
export async function flood(load: FloodLoad): Promise<FloodResult> {
  const run = new FloodRun(load);
  try {
    return await run.result();
  } finally {
    run.close();
  }
}

class FloodRun {
  private connections: FloodConnection[] = [];
  private readonly critical = newFate();
  private readonly routine = newFate();
  private readonly acceptedBySecond: number[];
  private readonly refusedBySecond: number[];
  private readonly refusedCritical = new Set<number>();
  private readonly acceptedRoutine = new Set<number>();
  private startedMs = 0;
  private sent = 0;
  private unsent = 0;
  private failed = 0;
  private broken: Error | undefined;

  constructor(private readonly load: FloodLoad) {
    const seconds = Math.ceil(load.seconds);
    this.acceptedBySecond = Array.from({ length: seconds }, () => 0);
    this.refusedBySecond = Array.from({ length: seconds }, () => 0);
  }

  async result(): Promise<FloodResult> {
    const { url, connections } = this.load;
    const onFailed = (error: Error): void => {
      this.broken = error;
    };
    this.connections = await Promise.all(
      Array.from({ length: connections }, () => FloodConnection.open(url, this.answered, onFailed)),
    );
    this.startedMs = performance.now();
    await this.offer();
    const seconds = (performance.now() - this.startedMs) / 1000;
    const unanswered = await this.lastAnswers();
    const { sent, unsent, failed, critical, routine, acceptedBySecond, refusedBySecond } = this;
    const unjustTenths = [...this.refusedCritical].filter((tenth) => this.acceptedRoutine.has(tenth)).length;
    return {
      ...{ seconds, sent, unsent, unanswered, failed, critical, routine },
      ...{ acceptedBySecond, refusedBySecond, unjustTenths },
    };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  /** Sends what is due, a burst to each connection in turn. */
  private async offer(): Promise<void> {
    const { seconds, ratePerSecond, bursts, connections, onProgress } = this.load;
    const size = bursts[0]?.critical.length ?? 1;
    const perSecond = ratePerSecond / size;
    const count = Math.floor(seconds * perSecond);
    for (let next = 0; next < count; ) {
      const due = Math.min(count, Math.floor(((performance.now() - this.startedMs) * perSecond) / 1000));
      for (; next < due; next += 1) {
        const connection = this.connections[next % connections] as FloodConnection;
        const burst = bursts[next % bursts.length] as Burst;
        if (connection.isFull) this.unsent += size;
        else {
          connection.send(burst, this.startedMs + (next * 1000) / perSecond);
          this.sent += size;
        }
      }
      if (this.broken !== undefined) throw this.broken;
      onProgress?.(next / count);
      await delay(TICK_MS);
    }
  }

  private readonly answered = (status: number, isCritical: boolean, { dueMs, sentMs }: SentBurst): void => {
    const nowMs = performance.now();
    const second = Math.floor((nowMs - this.startedMs) / 1000);
    const tenth = Math.floor((nowMs - this.startedMs) / TENTH_MS);
    const fate = isCritical ? this.critical : this.routine;
    if (status === 201) {
      fate.accepted += 1;
      recordMs(fate.fromDue, nowMs - dueMs);
      recordMs(fate.fromSent, nowMs - sentMs);
      countAt(this.acceptedBySecond, second);
      if (!isCritical) this.acceptedRoutine.add(tenth);
    } else if (status === 503) {
      fate.refused += 1;
      countAt(this.refusedBySecond, second);
      if (isCritical) this.refusedCritical.add(tenth);
    } else this.failed += 1;
  };

  private async lastAnswers(): Promise<number> {
    const left = (): number => this.connections.reduce((sum, { unanswered }) => sum + unanswered, 0);
    const untilMs = performance.now() + DRAIN_MS_MAX;
    while (left() > 0 && performance.now() < untilMs && this.broken === undefined) await delay(TENTH_MS);
    return left();
  }
}

function newFate(): Fate {
  return { accepted: 0, refused: 0, fromDue: newHistogram(), fromSent: newHistogram() };
}

/** What comes after the last whole second is in no second. */
function countAt(seconds: number[], index: number): void {
  const before = seconds[index];
  if (before !== undefined) seconds[index] = before + 1;
}
