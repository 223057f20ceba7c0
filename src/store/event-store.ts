/**
 * The event store's port: what HTTP, the command line and, later, other processes ask of the store.
 *
 * All answers are about durable events only. Errors are CodedErrors.
 */

import type { AccessEntry, AuditPage, AuditQuery } from '../domain/access-entry.js';
import type { ConsultationSummary, ListFilter, ListPlace } from '../domain/consultation-list.js';
import type { ConsultationState } from '../domain/consultation-state.js';
import type { Json, JsonObject } from '../domain/event.js';
import type { EventType } from '../domain/event-types.js';
import type { FeedBatch } from '../domain/feed.js';

/** `fsync`: answered after fdatasync. `os`: answered after the write; a power cut may lose it. */
export type Durability = 'fsync' | 'os';

/** An event that somebody wants stored. The payload was validated (payload-schemas.ts). */
export interface EventToAppend {
  type: EventType;
  payload: JsonObject;
  /** Chosen by the client; the same id again gives the first answer again. A UUIDv7. */
  eventId?: string | undefined;
  /** Who sends it, if not the `userId` of the command. */
  userId?: string;
  /** The payload in RFC 8785 form and the lower-case hex SHA-256 of that, if they were made already. */
  prepared?: { canonical: string; auditHash: string };
}

/**
 * A key that a client chose for an append, or for starting a consultation: the same again with the same key gives the
 * first answer again, for as long as keys are known, and something else is an IDEMPOTENCY_KEY_REUSED. It means
 * something within one consultation, or among starts, and for one principal.
 */
export interface IdempotencyKey {
  /** 1 to `limits.idempotencyKeyCharsMax` characters. */
  key: string;
  /** Who was authenticated. */
  principal?: string;
}

/** A version, or one of several. */
export type ExpectedVersion = number | readonly number[];

export interface AppendCommand {
  consultationId: string;
  userId: string;
  /** What sent it, such as `api` or `import`. */
  source: string;
  events: readonly EventToAppend[];
  /** Append only at this version, or at one of these (none: at no version); otherwise WRONG_EXPECTED_VERSION. */
  expectedVersion?: ExpectedVersion | undefined;
  idempotencyKey?: IdempotencyKey | undefined;
  /** Waits while the index is too far behind, where others are refused with OVERLOADED: for a long upload. */
  waitsForRoom?: boolean;
}

export interface AppendedEvent {
  eventId: string;
  sequence: number;
  version: number;
  timestampMs: number;
  /** Lower-case hex, as the API shows them. */
  auditHash: string;
  hash: string;
}

export interface Appended {
  consultationId: string;
  events: readonly AppendedEvent[];
  durability: Durability;
  /** Whether this is the answer to the same append made before; nothing was stored now. */
  replayed: boolean;
}

export interface CreateCommand {
  userId: string;
  source: string;
  patientStub?: JsonObject;
  /** Chosen by an import that must not write twice; otherwise made. UUIDv7s. */
  consultationId?: string;
  eventId?: string;
  idempotencyKey?: IdempotencyKey;
}

export interface Created {
  consultationId: string;
  sessionId: string;
  createdMs: number;
  event: AppendedEvent;
  durability: Durability;
  replayed: boolean;
}

/**
 * A consultation as it was: at a version, or after the newest event that was stored at a time (milliseconds since
 * 1970) or before it.
 */
export type AsOf = { version: number } | { timeMs: number };

export interface EventsQuery {
  consultationId: string;
  /** Only what there was then; without it, all that there is. */
  asOf?: AsOf;
  /** Events of this type only; `offset` then counts these. */
  eventType?: EventType;
  /** How many events to pass over, from the oldest. */
  offset: number;
  /** 1 to `limits.pageEventsMax`. The page has fewer when they would be more than `limits.pageBytesMax`. */
  limit: number;
}

export interface FollowQuery {
  /** Of this consultation only. */
  consultationId?: string;
  /** Of these types only; of all if none are named. */
  eventTypes?: readonly EventType[];
  /**
   * Where to start: at a sequence, which need not be one of the consultation; at a version of the consultation; or
   * `next`, with what is committed from now on. Without it, at the first event.
   */
  from?: { sequence: number } | { version: number } | 'next';
  /** Whether to end with the newest event at the time of the call, or to go on with what comes. */
  endsAtHead: boolean;
}

/**
 * Gives batches until it is returned, which it may be also while one is waited for. Its first batch comes at once and
 * has no events: it says where it starts. It reads only when it is asked: one who is slow holds up nobody.
 */
export type EventFeed = AsyncIterableIterator<FeedBatch, undefined, undefined>;

/** A page of events, each as its JSON text. Only a page after the last event is empty. */
export interface EventsPage {
  /** All events of the consultation (as of then, if asked for), whatever the filter. */
  eventCount: number;
  eventsJson: readonly string[];
}

/** Which page of which consultations. */
export interface ConsultationsQuery {
  filter: ListFilter;
  /** From after this place on; from the newest if there is none. */
  after?: ListPlace;
  /** 1 to `limits.pageConsultationsMax`. */
  limit: number;
}

export interface ConsultationsPage {
  consultations: readonly ConsultationSummary[];
  /** Where the next page goes on; none after the last page. */
  next?: ListPlace;
}

/** A state as the API shows it. */
export interface StateText {
  version: number;
  /** JSON in UTF-8: `{"consultation": …}`, the state as its one member (domain/state-text.ts). It may be kept and given again: never change it. */
  json: Buffer;
}

export interface DifferenceQuery {
  consultationId: string;
  fromVersion: number;
  /** The newest if it is left out. */
  toVersion?: number;
}

/** What changed between two versions; both lists are JSON texts, oldest first. */
export interface Difference {
  fromVersion: number;
  toVersion: number;
  /** Operations of a JSON Patch (RFC 6902) that makes the later state of the earlier one. */
  patchJson: readonly string[];
  /** The events after the earlier version, up to the later one, in short: without payloads. */
  eventsJson: readonly string[];
}

/** What a check of one consultation's stored bytes found. */
export interface ConsultationCheck {
  valid: boolean;
  /** The events of the consultation. */
  events: number;
  /** The hash that its newest event was stored with, lower-case hex. */
  headHash: string;
  /** The first event that is not what was stored. */
  damage?: { sequence: number; version: number; reason: string };
}

export interface StoreHealth {
  /** Whether appends are accepted. */
  ready: boolean;
  /** One line that says what is wrong, when it is not ready. */
  reason?: string;
  headSequence: number;
  details: Readonly<Record<string, Json>>;
}

export interface EventStore {
  readonly durability: Durability;
  /** Starts a consultation: stores CONSULTATION_STARTED as its version 1. */
  create(command: CreateCommand): Promise<Created>;
  /**
   * Stores events of one consultation, all or none, once they are allowed by its rules. What is wrong with one of
   * several events has its place among them, from 0, as the extension `item`.
   */
  append(command: AppendCommand): Promise<Appended>;
  /**
   * The state after the newest durable event, or as it was. CONSULTATION_NOT_FOUND if there is none,
   * VERSION_NOT_FOUND if there was none then; OVERLOADED if too many ask for the past at once.
   */
  state(consultationId: string, asOf?: AsOf): Promise<ConsultationState>;
  /** The same as text; that of the newest is made once for each version. */
  stateText(consultationId: string, asOf?: AsOf): Promise<StateText>;
  /**
   * What changed from one version to a later one. Errors are those of `state`, and VALIDATION_FAILED if the versions
   * are in the wrong order, or more than `limits.differenceEventsMax` apart.
   */
  difference(query: DifferenceQuery): Promise<Difference>;
  /** A page of a consultation's events, oldest first. Errors are those of `state`. */
  events(query: EventsQuery): Promise<EventsPage>;
  /**
   * A page of the consultations that match, newest start first, with every durable event taken into account.
   * OVERLOADED if the index cannot take them in within `limits.indexWaitMs`.
   */
  consultations(query: ConsultationsQuery): Promise<ConsultationsPage>;
  /**
   * Computes the hash chain of a consultation anew from what is stored, and compares it with what was acknowledged.
   * CONSULTATION_NOT_FOUND if there is none.
   */
  verify(consultationId: string): Promise<ConsultationCheck>;
  /**
   * Durable events in the order of their sequences, each once, none left out. A rejection of the feed itself means that
   * it ended: ARCHIVE_DAMAGED, LOG_DAMAGED, SHUTTING_DOWN. CONSULTATION_NOT_FOUND; POSITION_AHEAD, if the start is
   * ahead of what comes next; OVERLOADED past `limits.subscribersMax`.
   */
  follow(query: FollowQuery): Promise<EventFeed>;
  /**
   * Who started a consultation: the `user_id` of its first event. `undefined` if there is none. What was accepted
   * and is not durable yet is waited for.
   */
  owner(consultationId: string): Promise<string | undefined>;
  /**
   * Adds to the audit trail; resolves once it is durable. At most `limits.auditLineEntriesMax` entries. STORAGE_FULL
   * and LOG_UNAVAILABLE as for events.
   */
  recordAccess(entries: readonly AccessEntry[]): Promise<void>;
  /** Reads the audit trail, oldest first. AUDIT_DAMAGED if it is not what was written. */
  audit(query: AuditQuery): Promise<AuditPage>;
  /** Never rejects: a store that cannot be asked is not ready. */
  health(): Promise<StoreHealth>;
  /** Finishes what was accepted, brings everything into HDF5, and lets go of the data directory. */
  close(): Promise<void>;
}
