/**
 * The event store in one process: decides an append, has it committed by the log, and answers reads from
 * wherever the events are.
 */

import type { AuditTrail } from '../audit/audit-trail.js';
import type { AccessEntry, AuditPage, AuditQuery } from '../domain/access-entry.js';
import { type AppendKey, appendKeyDigest } from '../domain/append-key.js';
import { canonicalJson } from '../domain/canonical-json.js';
import type { ConsultationSummary } from '../domain/consultation-list.js';
import type { ConsultationState } from '../domain/consultation-state.js';
import { CodedError } from '../domain/errors.js';
import { eventTypeCode } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import type { Feed } from '../feed/feed.js';
import type { CommitLog } from '../log/commit-log.js';
import type { StageTimers } from '../ops/stage-timers.js';
import {
  isSameEvent,
  type PlanContext,
  type PlannedEvent,
  type PlanRequest,
  planAppend,
} from './append-plan.js';
import {
  answerAgain,
  type EarlierAppend,
  findEarlierAppend,
  reusedKey,
  storedEvents,
} from './earlier-append.js';
import type { EventFinder, KeyedAppend } from './event-finder.js';
import { eventPage } from './event-page.js';
import type {
  AppendCommand,
  Appended,
  AppendedEvent,
  AsOf,
  ConsultationCheck,
  ConsultationsPage,
  ConsultationsQuery,
  CreateCommand,
  Created,
  Difference,
  DifferenceQuery,
  Durability,
  EventFeed,
  EventStore,
  EventsPage,
  EventsQuery,
  EventToAppend,
  FollowQuery,
  IdempotencyKey,
  StateText,
  StoreHealth,
} from './event-store.js';
import { followEvents } from './follow-events.js';
import { checkDifference, PastStates } from './past-states.js';
import type { RecentEvent } from './recent-events.js';
import { type EventToRestore, type Restored, type RestoreParts, restoreEvents } from './restore-events.js';
import type { StateReader } from './state-reader.js';
import { verifyConsultation } from './verify-consultation.js';

export interface LocalEventStoreParts {
  durability: Durability;
  log: CommitLog;
  finder: EventFinder;
  feed: Feed;
  states: StateReader;
  trail: AuditTrail;
  clock: PlanContext['clock'];
  nextId: PlanContext['nextId'];
  timers: StageTimers;
  /** How long an Idempotency-Key is known. */
  keysKeptMs: number;
  /** Resolves once the index has everything that is durable now; OVERLOADED if it takes longer than `withinMs`. */
  indexCaughtUp: (withinMs?: number) => Promise<void>;
  /** Resolves once no more than this many durable events are missing in the index. */
  indexWithin: (events: number) => Promise<void>;
  health: () => StoreHealth;
  /** Closes the log and all that follows it. */
  close: () => Promise<void>;
}

export class LocalEventStore implements EventStore {
  readonly durability: Durability;
  private readonly planContext: PlanContext;
  private readonly past: PastStates;

  constructor(private readonly parts: LocalEventStoreParts) {
    this.durability = parts.durability;
    const { clock, nextId, timers, finder, states } = parts;
    this.past = new PastStates(finder, states);
    this.planContext = { clock, nextId, timers, locate: (eventId) => finder.locate(eventId) };
  }

  async create(command: CreateCommand): Promise<Created> {
    const { userId, source, patientStub } = command;
    const { clock, nextId, finder } = this.parts;
    const key = command.idempotencyKey && keyOf(command.idempotencyKey, undefined, 1);
    const keyed = this.keyedAppend(key);
    if (keyed !== undefined) return this.replayCreate(keyed.consultationId, command, reusedKey());
    const consultationId = command.consultationId ?? nextId(clock());
    if (command.consultationId !== undefined && finder.acceptedHead(consultationId) !== undefined) {
      return this.replayCreate(consultationId, command, alreadyStarted());
    }
    const sessionId = nextId(clock());
    const payload = { session_id: sessionId, ...(patientStub && { patient_stub: patientStub }) };
    const eventId = command.eventId;
    const started: EventToAppend = { type: 'CONSULTATION_STARTED', payload, ...(eventId && { eventId }) };
    const { events, durability } = await this.decideAndCommit({
      consultationId,
      sessionId,
      userId,
      source,
      events: [started],
      key,
    });
    const event = events[0] as AppendedEvent;
    return { consultationId, sessionId, createdMs: event.timestampMs, event, durability, replayed: false };
  }

  /** The first answer again; `otherwise` is thrown if the consultation was started otherwise. */
  private async replayCreate(
    consultationId: string,
    command: CreateCommand,
    otherwise: CodedError,
  ): Promise<Created> {
    const { userId, patientStub } = command;
    await this.settled(consultationId);
    const [stored] = await storedEvents(this.parts.finder, consultationId, 1, 1);
    if (stored === undefined) return this.create(command);
    const sessionId = stored.view.sessionId;
    const payload = { session_id: sessionId, ...(patientStub && { patient_stub: patientStub }) };
    const { consultationId: wantedId = consultationId, eventId = stored.event.eventId } = command;
    const isSameId = wantedId === consultationId && eventId === stored.event.eventId;
    if (!isSameId || !isSameEvent(stored.view, 'CONSULTATION_STARTED', userId, canonicalJson(payload))) {
      throw otherwise;
    }
    const { event } = stored;
    const { durability } = this;
    return { consultationId, sessionId, createdMs: event.timestampMs, event, durability, replayed: true };
  }

  append(command: AppendCommand): Promise<Appended> {
    const { consultationId, userId, source, events, expectedVersion, idempotencyKey, waitsForRoom } = command;
    const key = idempotencyKey && keyOf(idempotencyKey, consultationId, events.length);
    // Written out: a copy by spread would have a shape of its own each time, and all that reads it would be slow.
    const request = {
      consultationId,
      sessionId: consultationId,
      userId,
      source,
      events,
      expectedVersion,
      key,
    };
    return waitsForRoom
      ? this.room().then(() => this.decideAndCommit(request))
      : this.decideAndCommit(request);
  }

  /**
   * Plans the append on what was accepted so far and commits it; or gives the first answer again if its events
   * are there already. Decides anew when that turns out not to hold: what it built on was refused by the log, or
   * another writer was faster and the client named no version. Up to the commit nothing is awaited, so that no
   * other append comes between; nor is there a promise that an append which succeeds does not need.
   */
  private decideAndCommit(request: PlanRequest, decisions = 1): Promise<Appended> {
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
    return this.decideAndCommit(request, decisions + 1);
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
  private keyedAppend(key: AppendKey | undefined): KeyedAppend | undefined {
    if (key === undefined) return undefined;
    const { finder, clock, keysKeptMs } = this.parts;
    const keyed = finder.locateKey(key.digest);
    return keyed !== undefined && clock() - keyed.timestampMs <= keysKeptMs ? keyed : undefined;
  }

  /** The first answer again, once it is known to hold. */
  private async replay(request: PlanRequest, earlier: EarlierAppend): Promise<Appended> {
    await this.settled(request.consultationId);
    const events = await answerAgain(this.parts.finder, request, earlier);
    return { consultationId: request.consultationId, events, durability: this.durability, replayed: true };
  }

  /** Leaves half of what the index may be behind to those who do not wait. */
  private async room(): Promise<void> {
    const waitingMax = limits.unindexedEventsMax / 2;
    while (this.parts.finder.recent.size > waitingMax) await this.parts.indexWithin(waitingMax);
  }

  /** Has events committed; what the log refuses is dropped, and `refused` says what becomes of the append. */
  private commit(
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
      return { consultationId, events, durability: this.durability, replayed: false };
    };
    return settled.then(stored, (error: unknown) => {
      for (const event of recent) finder.recent.dropRefused(event);
      return refused(error);
    });
  }

  /** Brings exported events back as they were (restore-events.ts). */
  restore(events: readonly EventToRestore[], restored: Restored): Promise<void> {
    const { log, finder, indexCaughtUp } = this.parts;
    const { planContext } = this;
    const commit: RestoreParts['commit'] = (request, version, planned) =>
      this.commit(request, version, planned, (error) => Promise.reject(error));
    return restoreEvents({ log, finder, planContext, commit, indexCaughtUp }, events, restored);
  }

  async state(consultationId: string, asOf?: AsOf): Promise<ConsultationState> {
    const newest = this.existingVersion(consultationId);
    if (asOf === undefined) return this.parts.states.state(consultationId, newest);
    return this.past.state(consultationId, await this.past.version(consultationId, newest, asOf));
  }

  async stateText(consultationId: string, asOf?: AsOf): Promise<StateText> {
    const newest = this.existingVersion(consultationId);
    if (asOf === undefined) return this.parts.states.text(consultationId, newest);
    return this.past.text(consultationId, await this.past.version(consultationId, newest, asOf));
  }

  async difference(query: DifferenceQuery): Promise<Difference> {
    const newest = this.existingVersion(query.consultationId);
    const { consultationId, fromVersion, toVersion = newest } = query;
    for (const version of [fromVersion, toVersion])
      await this.past.version(consultationId, newest, { version });
    checkDifference(fromVersion, toVersion);
    return this.past.difference(consultationId, fromVersion, toVersion);
  }

  async events(query: EventsQuery): Promise<EventsPage> {
    const { finder } = this.parts;
    const { consultationId, asOf, eventType, offset, limit } = query;
    const newest = this.existingVersion(consultationId);
    const eventCount = asOf === undefined ? newest : await this.past.version(consultationId, newest, asOf);
    let entries = [];
    if (eventType === undefined) {
      entries = finder.entries(consultationId, offset + 1, Math.min(eventCount, offset + limit));
    } else {
      await this.parts.indexCaughtUp(limits.indexWaitMs);
      const found = finder.entriesOfType(consultationId, eventTypeCode(eventType), offset, limit);
      entries = asOf === undefined ? found : found.filter(({ version }) => version <= eventCount);
    }
    return { eventCount, eventsJson: await eventPage(finder, consultationId, entries) };
  }

  async consultations(query: ConsultationsQuery): Promise<ConsultationsPage> {
    await this.parts.indexCaughtUp(limits.indexWaitMs);
    const { filter, after, limit } = query;
    return pageOf(this.parts.finder.list(filter, after, limit + 1), limit);
  }

  async verify(consultationId: string): Promise<ConsultationCheck> {
    return verifyConsultation(this.parts.finder, consultationId, this.existingVersion(consultationId));
  }

  async follow(query: FollowQuery): Promise<EventFeed> {
    const { consultationId } = query;
    const version = consultationId === undefined ? 0 : this.existingVersion(consultationId);
    return followEvents(this.parts, query, version);
  }

  async owner(consultationId: string): Promise<string | undefined> {
    const { finder } = this.parts;
    if (finder.acceptedHead(consultationId) === undefined) return undefined;
    if (finder.durableVersion(consultationId) === 0) await this.settled(consultationId);
    if (finder.durableVersion(consultationId) === 0) return undefined;
    return finder.acceptedHead(consultationId)?.userId;
  }

  recordAccess(entries: readonly AccessEntry[]): Promise<void> {
    return this.parts.trail.append(entries);
  }

  audit(query: AuditQuery): Promise<AuditPage> {
    return this.parts.trail.read(query);
  }

  private existingVersion(consultationId: string): number {
    const version = this.parts.finder.durableVersion(consultationId);
    if (version > 0) return version;
    throw new CodedError(
      'CONSULTATION_NOT_FOUND',
      'There is no such consultation. Start one with POST /consultations and use the id it answers.',
    );
  }

  /** Waits until everything accepted for a consultation is durable or refused. */
  private async settled(consultationId: string): Promise<void> {
    const newest = this.parts.finder.recent.newestOf(consultationId);
    if (newest !== undefined) await areDurable([newest]);
  }

  async health(): Promise<StoreHealth> {
    return this.parts.health();
  }

  close(): Promise<void> {
    return this.parts.close();
  }
}

/** A page of the list, of up to one more than it has: that shows whether there is a next page. */
export function pageOf(found: readonly ConsultationSummary[], limit: number): ConsultationsPage {
  const consultations = found.slice(0, limit);
  const last = consultations.at(-1);
  if (found.length <= limit || last === undefined) return { consultations };
  return { consultations, next: { createdMs: last.createdMs, consultationId: last.consultationId } };
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

/** The key of an append to a consultation, or of the start of one. */
function keyOf(
  { key, principal }: IdempotencyKey,
  consultationId: string | undefined,
  events: number,
): AppendKey {
  return { digest: appendKeyDigest({ principal, consultationId }, key), events };
}

function alreadyStarted(): CodedError {
  return new CodedError(
    'CONSULTATION_ALREADY_STARTED',
    'A consultation with this id exists and was started otherwise. Use another id.',
  );
}
