/** Decides an append against the head of its consultation, and encodes what it would store. No I/O. */
import { hash } from 'node:crypto';
import type { AppendKey } from '../domain/append-key.js';
import { canonicalJson } from '../domain/canonical-json.js';
import type { Clock } from '../domain/clock.js';
import { advanceHead, type ConsultationHead } from '../domain/consultation-head.js';
import { CodedError } from '../domain/errors.js';
import { type EventType, eventTypeCode } from '../domain/event-types.js';
import { checkAppend } from '../domain/rules.js';
import {
  encodeLink,
  GENESIS_HASH,
  hexOfLatin1,
  type LinkView,
  type NewEvent,
  sha256Latin1,
} from '../domain/stored-event.js';
import type { StageTimers } from '../ops/stage-timers.js';
import type { LocatedEvent } from './event-finder.js';
import type { EventToAppend, ExpectedVersion } from './event-store.js';

/** One event, ready for the log. */
export interface PlannedEvent {
  link: Buffer;
  typeCode: number;
  /** Of the first event of an append that came with a key. */
  key: AppendKey | undefined;
  /** The consultation's head after this event. Its sequence is not known yet and 0. */
  head: ConsultationHead;
  timestampMs: number;
  /** Lower-case hex. */
  auditHash: string;
  hash: string;
}

export interface PlanContext {
  clock: Clock;
  nextId: (timeMs: number) => string;
  timers: StageTimers;
  /** Finds an event by its id, accepted or durable. */
  locate: (eventId: string) => LocatedEvent | undefined;
}

/** What is to be appended, and to what. */
export interface PlanRequest {
  consultationId: string;
  sessionId: string;
  userId: string;
  source: string;
  /** Only of events that are restored; otherwise UTC. */
  timezone?: string | undefined;
  events: readonly EventToAppend[];
  expectedVersion?: ExpectedVersion | undefined;
  /** What the first event keeps of the Idempotency-Key. */
  key?: AppendKey | undefined;
}

/** New events get their time from this process, in UTC. */
const TIMEZONE = 'UTC';
const MESSAGE_RECEIVED = eventTypeCode('MESSAGE_RECEIVED');

/**
 * Plans the events after `before` (none: the consultation starts). Throws the CodedErrors of the rules, which of
 * several events name the one at fault.
 */
export function planAppend(
  context: PlanContext,
  before: ConsultationHead | undefined,
  request: PlanRequest,
): PlannedEvent[] {
  checkExpectedVersion(before, request.expectedVersion);
  const planned: PlannedEvent[] = [];
  let head = before;
  try {
    for (const event of request.events) {
      const next = planEvent(context, head, request, event, planned);
      planned.push(next);
      head = next.head;
    }
  } catch (error) {
    throw request.events.length === 1 ? error : atItem(error, planned.length);
  }
  return planned;
}

/** An error of one of several events, with its place among them. */
export function atItem(error: unknown, item: number): unknown {
  if (!(error instanceof CodedError)) return error;
  const { code, message, errors, extensions } = error;
  return new CodedError(code, message, {
    cause: error,
    ...(errors !== undefined && { errors }),
    extensions: { ...extensions, item },
  });
}

function checkExpectedVersion(
  head: ConsultationHead | undefined,
  expected: ExpectedVersion | undefined,
): void {
  if (expected === undefined || head === undefined || head.version === expected) return;
  if (typeof expected !== 'number' && expected.includes(head.version)) return;
  throw new CodedError(
    'WRONG_EXPECTED_VERSION',
    `The consultation is at version ${head.version}, not at the one expected. Read it again and decide anew.`,
    { extensions: { version: head.version } },
  );
}

function planEvent(
  context: PlanContext,
  head: ConsultationHead | undefined,
  request: PlanRequest,
  event: EventToAppend,
  earlier: readonly PlannedEvent[],
): PlannedEvent {
  const { timers } = context;
  const started = performance.now();
  checkAppend(head, event, (messageId) => isKnownMessage(context, head, messageId, earlier));
  const timestampMs = context.clock();
  const eventId = event.eventId ?? context.nextId(timestampMs);
  const decided = performance.now();
  timers.recordMs('segment', decided - started);
  const encoded = encode(
    {
      eventId,
      consultationId: request.consultationId,
      sessionId: head?.sessionId ?? request.sessionId,
      timestampMs,
      version: (head?.version ?? 0) + 1,
      type: event.type,
      source: request.source,
      timezone: request.timezone ?? TIMEZONE,
      userId: event.userId ?? request.userId,
      key: earlier.length === 0 ? request.key : undefined,
      payload: event.prepared?.canonical ?? canonicalJson(event.payload),
    },
    event.prepared?.auditHash,
    head,
  );
  timers.record('hash', decided);
  return encoded;
}

/** `auditHash` is given where it is known already. */
function encode(
  event: NewEvent,
  auditHash: string | undefined,
  head: ConsultationHead | undefined,
): PlannedEvent {
  const link = encodeLink(event, head?.hash ?? GENESIS_HASH);
  const linkHash = sha256Latin1(link);
  return {
    link,
    typeCode: eventTypeCode(event.type),
    key: event.key,
    head: advanceHead(head, event, 0, linkHash),
    timestampMs: event.timestampMs,
    auditHash: auditHash ?? hash('sha256', event.payload, 'hex'),
    hash: hexOfLatin1(linkHash),
  };
}

/** Whether a message came with an earlier event of this consultation and was not cleared since. */
function isKnownMessage(
  context: PlanContext,
  head: ConsultationHead | undefined,
  messageId: string,
  earlier: readonly PlannedEvent[],
): boolean {
  if (head === undefined) return false;
  const planned = earlier.find((event) => event.head.lastEventId === messageId);
  const found: LocatedEvent | undefined =
    planned === undefined
      ? context.locate(messageId)
      : { consultationId: head.consultationId, version: planned.head.version, typeCode: planned.typeCode };
  return (
    found?.consultationId === head.consultationId &&
    found.typeCode === MESSAGE_RECEIVED &&
    found.version > head.clearedVersion
  );
}

/** Whether an event is what a stored link holds: the same type, user and payload. */
export function isSameEvent(
  stored: LinkView,
  type: EventType,
  userId: string,
  canonicalPayload: string,
): boolean {
  return stored.type === type && stored.userId === userId && stored.payload.toString() === canonicalPayload;
}
