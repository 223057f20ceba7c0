/**
 * The event store in memory: the port's semantics in as few words as possible, with the domain's own rules,
 * encoding and fold. It stands in for the real store where a test is about something else, and is the oracle
 * that the real store is compared with.
 */
import { createPatch } from 'rfc6902';
import { appendKeyDigest } from '../../src/domain/append-key.js';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { type Clock, monotonicClock } from '../../src/domain/clock.js';
import { advanceHead, type ConsultationHead } from '../../src/domain/consultation-head.js';
import { isListed, isNewer, summaryOf } from '../../src/domain/consultation-list.js';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import { CodedError } from '../../src/domain/errors.js';
import type { JsonObject } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';
import { foldEvents } from '../../src/domain/fold.js';
import { limits } from '../../src/domain/limits.js';
import { checkAppend } from '../../src/domain/rules.js';
import {
  encodeLink,
  eventJsonOfLink,
  eventOfLink,
  GENESIS_HASH,
  hexOfLatin1,
  LinkView,
  type SequencedLink,
} from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import type {
  AppendCommand,
  Appended,
  AppendedEvent,
  AsOf,
  CreateCommand,
  Created,
  Durability,
  EventStore,
  IdempotencyKey,
  StoreHealth,
} from '../../src/store/event-store.js';
import { memoryFollow, type News } from './memory-follow.js';

import { type MemoryTrail, memoryTrail } from './memory-trail.js';

export interface MemoryEventStoreOptions {
  now?: Clock;
  newId?: (timeMs: number) => string;
  durability?: Durability;
  keysKeptMs?: number;
  /** Runs before each create and append: a test can hold it back, or throw what storage might throw. */
  beforeWrite?: () => Promise<void> | void;
  /** What `health` says instead. */
  health?: () => Partial<StoreHealth>;
}

export interface MemoryEventStore extends EventStore {
  /** All events, in the order of their sequences, which start at 1. */
  readonly links: readonly SequencedLink[];
  readonly trail: MemoryTrail;
}

interface Draft {
  type: EventType;
  payload: JsonObject;
  eventId: string | undefined;
  userId: string;
}

export function memoryEventStore(options: MemoryEventStoreOptions = {}): MemoryEventStore {
  const now = options.now ?? monotonicClock();
  const newId = options.newId ?? uuidV7Generator();
  const durability = options.durability ?? 'fsync';
  const keysKeptMs = options.keysKeptMs ?? limits.idempotencyHoursDefault * 3_600_000;
  const links: SequencedLink[] = [];
  const heads = new Map<string, ConsultationHead>();
  const byEventId = new Map<string, SequencedLink>();
  const byKey = new Map<string, readonly SequencedLink[]>();
  const news: News = new Set();
  let isClosed = false;

  const linksOf = (consultationId: string): SequencedLink[] =>
    links.filter(({ link }) => new LinkView(link).consultationId === consultationId);

  /** Encodes the events on top of the head and keeps them only if the rules allow every one. */
  function store(
    consultationId: string,
    sessionId: string,
    source: string,
    drafts: Draft[],
    digest?: string,
  ) {
    let head = heads.get(consultationId);
    const added: SequencedLink[] = [];
    for (const { type, payload, eventId, userId } of drafts) {
      const before = head;
      const isKnown = (messageId: string): boolean =>
        [...linksOf(consultationId), ...added].some(({ link }) => {
          const view = new LinkView(link);
          const isThere = view.eventId === messageId && view.type === 'MESSAGE_RECEIVED';
          return isThere && view.version > (before?.clearedVersion ?? 0);
        });
      try {
        checkAppend(before, { type, payload }, isKnown);
      } catch (error) {
        throw drafts.length === 1 ? error : atItem(error as CodedError, added.length);
      }
      const timestampMs = now();
      const version = (before?.version ?? 0) + 1;
      const sequence = links.length + added.length + 1;
      const link = encodeLink(
        {
          eventId: eventId ?? newId(timestampMs),
          consultationId,
          sessionId,
          timestampMs,
          version,
          type,
          source,
          timezone: 'UTC',
          userId,
          key: added.length === 0 && digest ? { digest, events: drafts.length } : undefined,
          payload: canonicalJson(payload),
        },
        before?.hash ?? GENESIS_HASH,
      );
      const view = new LinkView(link);
      added.push({ sequence, link });
      head = advanceHead(before, view, sequence, view.hash);
    }
    for (const entry of added) {
      links.push(entry);
      byEventId.set(new LinkView(entry.link).eventId, entry);
    }
    if (head !== undefined) heads.set(consultationId, head);
    if (digest !== undefined) byKey.set(digest, added);
    for (const wake of news) wake();
    news.clear();
    return added;
  }

  /** The events of the append that came with a key, if that is not too long ago. */
  function keyed(digest: string | undefined): readonly SequencedLink[] | undefined {
    const entries = digest === undefined ? undefined : byKey.get(digest);
    const usedMs = entries?.[0] && new LinkView(entries[0].link).timestampMs;
    return usedMs !== undefined && now() - usedMs <= keysKeptMs ? entries : undefined;
  }

  async function beforeWrite(): Promise<void> {
    await options.beforeWrite?.();
    if (isClosed) throw new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again elsewhere.');
  }

  function known(consultationId: string): ConsultationHead {
    const head = heads.get(consultationId);
    if (head === undefined) throw new CodedError('CONSULTATION_NOT_FOUND', 'There is no such consultation.');
    return head;
  }

  function linksAsOf(consultationId: string, asOf?: AsOf): SequencedLink[] {
    const { version } = known(consultationId);
    if (asOf === undefined) return linksOf(consultationId);
    const found = linksOf(consultationId).filter(({ link }) => {
      const view = new LinkView(link);
      return 'version' in asOf ? view.version <= asOf.version : view.timestampMs <= asOf.timeMs;
    });
    if (found.length > 0 && !('version' in asOf && asOf.version > version)) return found;
    throw new CodedError('VERSION_NOT_FOUND', 'There was none then.', { extensions: { version } });
  }

  const stateAsOf = (consultationId: string, asOf?: AsOf): ConsultationState =>
    foldEvents(linksAsOf(consultationId, asOf).map(eventOfLink)).state;

  async function create(command: CreateCommand): Promise<Created> {
    await beforeWrite();
    const { userId, source, patientStub } = command;
    const digest = command.idempotencyKey && digestOf(command.idempotencyKey);
    const [again] = keyed(digest) ?? [];
    const againId = again && new LinkView(again.link).consultationId;
    const consultationId = againId ?? command.consultationId ?? newId(now());
    const answer = (entry: SequencedLink, replayed: boolean): Created => ({
      consultationId,
      sessionId: new LinkView(entry.link).sessionId,
      createdMs: new LinkView(entry.link).timestampMs,
      event: appendedEvent(entry),
      durability,
      replayed,
    });
    const sessionId = heads.get(consultationId)?.sessionId ?? newId(now());
    const payload: JsonObject = {
      session_id: sessionId,
      ...(patientStub === undefined ? {} : { patient_stub: patientStub }),
    };
    const first = linksOf(consultationId)[0];
    if (first !== undefined) {
      const draft: Draft = { type: 'CONSULTATION_STARTED', payload, eventId: command.eventId, userId };
      const isWanted = (command.consultationId ?? consultationId) === consultationId;
      if (isWanted && isSame(first, consultationId, draft)) return answer(first, true);
      if (again !== undefined) throw reusedKey();
      throw new CodedError('CONSULTATION_ALREADY_STARTED', 'The consultation was started with other values.');
    }
    if (command.eventId !== undefined && byEventId.has(command.eventId)) throw reused();
    const [added] = store(
      consultationId,
      sessionId,
      source,
      [{ type: 'CONSULTATION_STARTED', payload, eventId: command.eventId, userId }],
      digest,
    );
    return answer(added as SequencedLink, false);
  }

  async function append(command: AppendCommand): Promise<Appended> {
    await beforeWrite();
    const { consultationId, source, expectedVersion } = command;
    const drafts = command.events.map(({ type, payload, eventId, userId = command.userId }) => {
      return { type, payload, eventId, userId };
    });
    const answer = (entries: readonly SequencedLink[], replayed: boolean): Appended => ({
      consultationId,
      events: entries.map(appendedEvent),
      durability,
      replayed,
    });
    const head = known(consultationId);
    const digest = command.idempotencyKey && digestOf(command.idempotencyKey, consultationId);
    const again = keyed(digest);
    if (again !== undefined) {
      const isReplay =
        again.length === drafts.length &&
        drafts.every((draft, index) => isSame(again[index] as SequencedLink, consultationId, draft));
      if (isReplay) return answer(again, true);
      throw reusedKey();
    }
    const chosen = drafts.flatMap(({ eventId }) => eventId ?? []);
    if (new Set(chosen).size < chosen.length) throw reused();
    const stored = drafts.map(({ eventId }) => (eventId === undefined ? undefined : byEventId.get(eventId)));
    const earlier = stored.filter((entry) => entry !== undefined);
    if (earlier.length > 0) {
      const isAll = earlier.length === drafts.length;
      const wrong = drafts.findIndex((draft, index) => {
        const entry = stored[index];
        return isAll ? entry === undefined || !isSame(entry, consultationId, draft) : entry !== undefined;
      });
      if (wrong >= 0) throw drafts.length === 1 ? reused() : atItem(reused(), wrong);
      return answer(earlier, true);
    }
    if (expectedVersion !== undefined && ![expectedVersion].flat().includes(head.version)) {
      throw new CodedError(
        'WRONG_EXPECTED_VERSION',
        `The consultation is at version ${head.version}. Read it and decide again.`,
        { extensions: { version: head.version } },
      );
    }
    return answer(store(consultationId, head.sessionId, source, drafts, digest), false);
  }

  const trail = memoryTrail();
  return {
    durability,
    links,
    trail,
    recordAccess: (entries) => trail.recordAccess(entries),
    audit: (query) => trail.audit(query),
    owner: async (consultationId) => heads.get(consultationId)?.userId,
    create,
    append,
    async state(consultationId, asOf) {
      return stateAsOf(consultationId, asOf);
    },
    async stateText(consultationId, asOf) {
      const state = stateAsOf(consultationId, asOf);
      return { version: state.version, json: Buffer.from(JSON.stringify({ consultation: state })) };
    },
    async difference({ consultationId, fromVersion, toVersion = known(consultationId).version }) {
      const [before, after] = [fromVersion, toVersion].map((version) =>
        stateAsOf(consultationId, { version }),
      );
      if (fromVersion > toVersion) {
        const errors = [{ path: '/from_version', message: 'must not be after to_version' }];
        throw new CodedError('VALIDATION_FAILED', 'The versions are in the wrong order.', { errors });
      }
      return {
        fromVersion,
        toVersion,
        patchJson: createPatch(before, after).map((operation) => JSON.stringify(operation)),
        eventsJson: linksOf(consultationId)
          .slice(fromVersion, toVersion)
          .map((entry) => {
            const { event_id, version, timestamp, event_type } = eventOfLink(entry);
            return JSON.stringify({ event_id, version, timestamp, event_type });
          }),
      };
    },
    async events({ consultationId, asOf, eventType, offset, limit }) {
      const all = linksAsOf(consultationId, asOf);
      const wanted = all.filter(
        ({ link }) => eventType === undefined || new LinkView(link).type === eventType,
      );
      return {
        eventCount: all.length,
        eventsJson: page(wanted.slice(offset, offset + limit)).map(eventJsonOfLink),
      };
    },
    async consultations({ filter, after, limit }) {
      const found = [...heads.values()]
        .map(summaryOf)
        .filter((summary) => isListed(summary, filter) && (after === undefined || isNewer(after, summary)))
        .sort((a, b) => (isNewer(a, b) ? -1 : 1));
      const consultations = found.slice(0, limit);
      const { createdMs = 0, consultationId = '' } = consultations.at(-1) ?? {};
      return { consultations, ...(found.length > limit && { next: { createdMs, consultationId } }) };
    },
    async verify(consultationId) {
      const { hash, version } = known(consultationId);
      let previousHash = GENESIS_HASH;
      for (const { sequence, link } of linksOf(consultationId)) {
        const view = new LinkView(link);
        if (view.previousHash !== previousHash) {
          const damage = {
            sequence,
            version: view.version,
            reason: 'it does not follow the event before it',
          };
          return { valid: false, events: version, headHash: hexOfLatin1(hash), damage };
        }
        previousHash = view.hash;
      }
      return { valid: previousHash === hash, events: version, headHash: hexOfLatin1(hash) };
    },
    async follow(query) {
      if (query.consultationId !== undefined) known(query.consultationId);
      return memoryFollow(links, news, query);
    },
    health: async () => ({
      ready: !isClosed,
      headSequence: links.length,
      details: {},
      ...options.health?.(),
    }),
    async close() {
      isClosed = true;
    },
  };
}

/** As many as a page holds in bytes. */
function page(links: readonly SequencedLink[]): readonly SequencedLink[] {
  let bytes = 0;
  const cut = links.findIndex(({ link }, index) => {
    bytes += link.length;
    return index > 0 && bytes > limits.pageBytesMax;
  });
  return cut < 0 ? links : links.slice(0, cut);
}

function reused(): CodedError {
  return new CodedError('EVENT_ID_REUSED', 'The event_id was used for another event. Take a new one.', {
    errors: [{ path: '/event_id', message: 'must be new' }],
  });
}

function reusedKey(): CodedError {
  return new CodedError('IDEMPOTENCY_KEY_REUSED', 'The key was used for another request. Take a new one.');
}

function digestOf({ key, principal }: IdempotencyKey, consultationId?: string): string {
  return appendKeyDigest({ principal, consultationId }, key);
}

/** The error of one of several events. */
function atItem({ code, message, errors = [], extensions }: CodedError, item: number): CodedError {
  return new CodedError(code, message, { errors, extensions: { ...extensions, item } });
}

/** Whether a stored event is the one that is asked for once more. */
function isSame(entry: SequencedLink, consultationId: string, draft: Draft): boolean {
  const view = new LinkView(entry.link);
  return (
    (draft.eventId === undefined || view.eventId === draft.eventId) &&
    view.consultationId === consultationId &&
    view.userId === draft.userId &&
    view.type === draft.type &&
    view.payload.toString() === canonicalJson(draft.payload)
  );
}

function appendedEvent(entry: SequencedLink): AppendedEvent {
  const event = eventOfLink(entry);
  return {
    eventId: event.event_id,
    sequence: event.sequence,
    version: event.version,
    timestampMs: new LinkView(entry.link).timestampMs,
    auditHash: event.audit_hash,
    hash: event.hash,
  };
}
