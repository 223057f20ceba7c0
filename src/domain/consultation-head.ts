/**
 * The head of a consultation: the little that must be known to accept its next event.
 *
 * It is folded from links alone, so that the writer, the index and a rebuild all come to the same value.
 */
import type { EventType } from './event-types.js';
import type { NewEvent } from './stored-event.js';

export type UrgencyLevel = 'critical' | 'high' | 'medium' | 'low';

export interface ConsultationHead {
  consultationId: string;
  sessionId: string;
  /** Who started it. */
  userId: string;
  createdMs: number;
  updatedMs: number;
  /** The newest event: its version, its sequence, its id and its hash (latin1). */
  version: number;
  sequence: number;
  lastEventId: string;
  hash: string;
  isCommitted: boolean;
  urgency: UrgencyLevel | null;
  /** Messages that came at or before this version were cleared and can no longer be named. */
  clearedVersion: number;
}

/** What the head takes from an event: a NewEvent has it, and so has a LinkView. */
export type HeadEvent = Pick<
  NewEvent,
  'eventId' | 'consultationId' | 'sessionId' | 'userId' | 'timestampMs' | 'version' | 'type'
> & { readonly payload: string | Buffer };

const CLEARS_MESSAGES: ReadonlySet<EventType> = new Set<EventType>([
  'MESSAGES_CLEARED',
  'CONSULTATION_RESET',
]);

/** The head after one more event. `hash` (latin1) is that of the event, which the caller has at hand. */
export function advanceHead(
  head: ConsultationHead | undefined,
  event: HeadEvent,
  sequence: number,
  hash: string,
): ConsultationHead {
  const type = event.type;
  const version = event.version;
  const timestampMs = event.timestampMs;
  return {
    consultationId: head?.consultationId ?? event.consultationId,
    sessionId: head?.sessionId ?? event.sessionId,
    userId: head?.userId ?? event.userId,
    createdMs: head?.createdMs ?? timestampMs,
    updatedMs: timestampMs,
    version,
    sequence,
    lastEventId: event.eventId,
    hash,
    isCommitted: type === 'CONSULTATION_COMMITTED' || (head?.isCommitted ?? false),
    urgency: urgencyAfter(head?.urgency ?? null, type, event),
    clearedVersion: CLEARS_MESSAGES.has(type) ? version : (head?.clearedVersion ?? 0),
  };
}

function urgencyAfter(before: UrgencyLevel | null, type: EventType, event: HeadEvent): UrgencyLevel | null {
  if (type === 'CONSULTATION_RESET') return null;
  if (type !== 'URGENCY_CLASSIFIED') return before;
  return (JSON.parse(event.payload.toString()) as { urgency_level: UrgencyLevel }).urgency_level;
}
