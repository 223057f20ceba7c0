/**
 * The event store in one process: has appends decided and committed (appender.ts), and answers reads from
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
import { isSameEvent, type PlanContext } from './append-plan.js';
import { Appender, type AppenderParts } from './appender.js';
import { reusedKey, storedEvents } from './earlier-append.js';
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
import { type EventToRestore, type Restored, type RestoreParts, restoreEvents } from './restore-events.js';
import type { StateReader } from './state-reader.js';
import { verifyConsultation } from './verify-consultation.js';

export interface LocalEventStoreParts extends AppenderParts {
  feed: Feed;
  states: StateReader;
  trail: AuditTrail;
  nextId: PlanContext['nextId'];
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
  private readonly appender: Appender;

  constructor(private readonly parts: LocalEventStoreParts) {
    this.durability = parts.durability;
    const { clock, nextId, timers, finder, states } = parts;
    this.past = new PastStates(finder, states);
    this.planContext = { clock, nextId, timers, locate: (eventId) => finder.locate(eventId) };
    this.appender = new Appender(parts, this.planContext);
  }

  async create(command: CreateCommand): Promise<Created> {
    const { userId, source, patientStub } = command;
    const { clock, nextId, finder } = this.parts;
    const key = command.idempotencyKey && keyOf(command.idempotencyKey, undefined, 1);
    const keyed = this.appender.keyedAppend(key);
    if (keyed !== undefined) return this.replayCreate(keyed.consultationId, command, reusedKey());
    const consultationId = command.consultationId ?? nextId(clock());
    if (command.consultationId !== undefined && finder.acceptedHead(consultationId) !== undefined) {
      return this.replayCreate(consultationId, command, alreadyStarted());
    }
    const sessionId = nextId(clock());
    const payload = { session_id: sessionId, ...(patientStub && { patient_stub: patientStub }) };
    const eventId = command.eventId;
    const started: EventToAppend = { type: 'CONSULTATION_STARTED', payload, ...(eventId && { eventId }) };
    const { events, durability } = await this.appender.append({
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
    await this.appender.settled(consultationId);
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
      ? this.room().then(() => this.appender.append(request))
      : this.appender.append(request);
  }

  /** Leaves half of what the index may be behind to those who do not wait. */
  private async room(): Promise<void> {
    const waitingMax = limits.unindexedEventsMax / 2;
    while (this.parts.finder.recent.size > waitingMax) await this.parts.indexWithin(waitingMax);
  }

  /** Brings exported events back as they were (restore-events.ts). */
  restore(events: readonly EventToRestore[], restored: Restored): Promise<void> {
    const { log, finder, indexCaughtUp } = this.parts;
    const { planContext } = this;
    const commit: RestoreParts['commit'] = (request, version, planned) =>
      this.appender.commit(request, version, planned, (error) => Promise.reject(error));
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
    if (finder.durableVersion(consultationId) === 0) await this.appender.settled(consultationId);
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
