/**
 * Decides appends and has them committed: what may come after what, and the first answer again to what was appended
 * before.
 */
import type { AppendKey } from '../domain/append-key.js';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { CommitLog } from '../log/commit-log.js';
import type { StageTimers } from '../ops/stage-timers.js';
import { type PlanContext, type PlannedEvent, type PlanRequest, planAppend } from './append-plan.js';
import { answerAgain, type EarlierAppend, findEarlierAppend } from './earlier-append.js';
import type { EventFinder, KeyedAppend } from './event-finder.js';
import type { Appended, AppendedEvent, Durability } from './event-store.js';
import type { RecentEvent } from './recent-events.js';

export interface AppenderParts {
  durability: Durability;
  log: CommitLog;
  finder: EventFinder;
  clock: PlanContext['clock'];
  timers: StageTimers;
  /** How long an Idempotency-Key is known. */
  keysKeptMs: number;
}

export class Appender {
  constructor(
    private readonly parts: AppenderParts,
    private readonly planContext: PlanContext,
  ) {}

  /**
   * Plans the append on what was accepted so far and commits it; or gives the first answer again if its events
   * are there already. Decides anew when that turns out not to hold: what it built on was refused by the log, or
   * another writer was faster and the client named no version. Up to the commit nothing is awaited, so that no
   * other append comes between; nor is there a promise that an append which succeeds does not need.
   */
  append(request: PlanRequest, decisions = 1): Promise<Appended> {
    const { finder, log } = this.parts;
    // Events of which nobody knows whether they are stored are neither built on nor passed over.
    if (log.failure !== undefined) return Promise.reject(log.failure);
    const builtOn = this.unsettled(request);
    const decideAnew = (error: unknown) => this.decideAnew(request, builtOn, decisions, error);
    try {
      const earlier = this.keyedAppend(request.key) ?? findEarlierAppend(finder, request);
      if (earlier !== undefined) return this.replay(request, earlier).catch(decideAnew);
      const head = finder.acceptedHead(request.consultationId);
      const planned = planAppend(this.planContext, head, request);
      return this.commit(request, head?.version ?? 0, planned, decideAnew);
    } catch (error) {
      return decideAnew(error);
    }
  }

  /** Decides again after an error, if what was decided on did not come to be; otherwise throws the error. */
  private async decideAnew(
    request: PlanRequest,
    builtOn: readonly RecentEvent[],
    decisions: number,
    error: unknown,
  ): Promise<Appended> {
    const isOvertaken = isWrongVersion(error) && request.expectedVersion === undefined;
    const isMoot = isOvertaken || !(await areDurable(builtOn));
    if (!isMoot || decisions >= limits.decisionsMax) throw error;
    return this.append(request, decisions + 1);
  }

  /** What a decision rests on and may still be refused: the consultation's newest event, and events asked for again. */
  private unsettled({ consultationId, events, key }: PlanRequest): RecentEvent[] {
    const { recent } = this.parts.finder;
    const found: RecentEvent[] = [];
    const add = (event: RecentEvent | undefined): void => {
      if (event !== undefined) found.push(event);
    };
    add(recent.newestOf(consultationId));
    if (key !== undefined) add(recent.findByKey(key.digest));
    for (const { eventId } of events) if (eventId !== undefined) add(recent.find(eventId));
    return found;
  }

  /** The append that came with a key before, if that is not too long ago. */
  keyedAppend(key: AppendKey | undefined): KeyedAppend | undefined {
    if (key === undefined) return undefined;
    const { finder, clock, keysKeptMs } = this.parts;
    const keyed = finder.locateKey(key.digest);
    return keyed !== undefined && clock() - keyed.timestampMs <= keysKeptMs ? keyed : undefined;
  }

  /** The first answer again, once it is known to hold. */
  private async replay(request: PlanRequest, earlier: EarlierAppend): Promise<Appended> {
    await this.settled(request.consultationId);
    const events = await answerAgain(this.parts.finder, request, earlier);
    return {
      consultationId: request.consultationId,
      events,
      durability: this.parts.durability,
      replayed: true,
    };
  }

  /** Has events committed; what the log refuses is dropped, and `refused` says what becomes of the append. */
  commit(
    request: PlanRequest,
    expectedVersion: number,
    planned: readonly PlannedEvent[],
    refused: (error: unknown) => Promise<Appended>,
  ): Promise<Appended> {
    const { log, finder, timers } = this.parts;
    if (finder.recent.size >= limits.unindexedEventsMax) {
      throw new CodedError('OVERLOADED', 'The index is too far behind. Try again shortly.');
    }
    const started = performance.now();
    const { consultationId } = request;
    const links = planned.map(({ link }) => link);
    const settled = log.append({ consultationId, expectedVersion, links });
    const recent: RecentEvent[] = [];
    for (const { head, typeCode, key } of planned) {
      const event = { head, typeCode, key, sequence: 0, settled };
      recent.push(event);
      finder.recent.add(event);
    }
    const stored = (sequence: number): Appended => {
      timers.record('persist', started);
      const events = planned.map((event, index) => {
        const durable = recent[index] as RecentEvent;
        durable.sequence = sequence + index;
        durable.head.sequence = durable.sequence;
        return appendedOf(event, durable.sequence);
      });
      return { consultationId, events, durability: this.parts.durability, replayed: false };
    };
    return settled.then(stored, (error: unknown) => {
      for (const event of recent) finder.recent.dropRefused(event);
      return refused(error);
    });
  }

  /** Waits until everything accepted for a consultation is durable or refused. */
  async settled(consultationId: string): Promise<void> {
    const newest = this.parts.finder.recent.newestOf(consultationId);
    if (newest !== undefined) await areDurable([newest]);
  }
}

function appendedOf({ head, timestampMs, auditHash, hash }: PlannedEvent, sequence: number): AppendedEvent {
  return { eventId: head.lastEventId, sequence, version: head.version, timestampMs, auditHash, hash };
}

async function areDurable(events: readonly RecentEvent[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(events.map(({ settled }) => settled));
  return outcomes.every(({ status }) => status === 'fulfilled');
}

function isWrongVersion(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'WRONG_EXPECTED_VERSION';
}
