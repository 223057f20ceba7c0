/**
 * What clients sent and what they were told of it, and so what the store must have: the oracle of a simulated run.
 *
 * What was acknowledged is there, once, at the place and with the hash that the answer named. What was refused is not.
 * What was not answered is there whole or not at all, and what is found after a start stays so.
 */
import { CodedError } from '../../src/domain/errors.js';
import type { EventType } from '../../src/domain/event-types.js';
import type { AppendedEvent } from '../../src/store/event-store.js';

/** Something that must never be so. */
export class ViolationError extends Error {}

/** An event as a client sent it. `payload` is the RFC 8785 text. */
export interface SentEvent {
  eventId: string;
  consultationId: string;
  userId: string;
  type: EventType;
  payload: string;
}

/** What a client sent together, to be stored together or not at all. */
export interface Sent {
  events: readonly SentEvent[];
  outcome: 'unknown' | 'stored' | 'refused';
}

/** Where an event is, as an answer or a start told it. */
interface Place {
  sequence: number;
  version: number;
  hash: string;
  /** Milliseconds since 1970. */
  timestampMs: number;
}

/** The fields of an event, as the API shows it, that the oracle looks at. */
export interface ShownEvent {
  event_id: string;
  consultation_id: string;
  sequence: number;
  version: number;
  timestamp: string;
  event_type: string;
  payload: unknown;
  metadata: { user_id: string };
  hash: string;
}

/** Codes of a refusal after which nothing is stored. */
const REFUSALS = new Set([
  'CONSULTATION_NOT_FOUND',
  'CONSULTATION_ALREADY_STARTED',
  'CONSULTATION_COMMITTED',
  'UNKNOWN_MESSAGE',
  'WRONG_EXPECTED_VERSION',
  'OVERLOADED',
  'STORAGE_FULL',
  'SHUTTING_DOWN',
]);

/** Codes that a client, or an operator, may be told when the disk did something wrong. */
const FAILURES = new Set([
  'LOG_UNAVAILABLE',
  'LOG_DAMAGED',
  'ARCHIVE_DAMAGED',
  'CODEC_UNAVAILABLE',
  'UNSUPPORTED_FORMAT',
  'STORAGE_FULL',
  'DISK_FAILED',
  'INTERNAL_ERROR',
]);

/** Whether an error is one that a failing disk may bring. */
export function isFailureOfDisk(error: unknown): boolean {
  return error instanceof CodedError && FAILURES.has(error.code);
}

export class Told {
  /** Everything that was sent, in order. */
  readonly sent: Sent[] = [];
  private readonly byEventId = new Map<string, { sent: Sent; event: SentEvent; place?: Place }>();
  /** Events that were compared with what was sent. */
  eventsChecked = 0;

  /** Notes what is about to be sent. Its ids are new. */
  send(events: readonly SentEvent[]): Sent {
    const sent: Sent = { events, outcome: 'unknown' };
    this.sent.push(sent);
    for (const event of events) this.byEventId.set(event.eventId, { sent, event });
    return sent;
  }

  /** The answer to something that was sent, for the first time or again. */
  stored(sent: Sent, answers: readonly AppendedEvent[]): void {
    expect(answers.length === sent.events.length, 'an answer is about the events that were sent');
    sent.outcome = 'stored';
    sent.events.forEach(({ eventId }, index) => {
      const { sequence, version, hash, timestampMs } = answers[index] as AppendedEvent;
      expect(answers[index]?.eventId === eventId, 'an answer names the events that were sent');
      this.place(eventId, { sequence, version, hash, timestampMs });
    });
  }

  /** What was sent was answered with an error. `mayFail` if the disk failed before. */
  failed(sent: Sent, error: unknown, mayFail: boolean): void {
    if (error instanceof CodedError && REFUSALS.has(error.code)) {
      expect(sent.outcome !== 'stored', `what was stored is not refused when it comes again: ${error.code}`);
      if (error.code === 'STORAGE_FULL') expect(mayFail, 'a disk that has room is not full');
      sent.outcome = 'refused';
      return;
    }
    expect(
      mayFail && isFailureOfDisk(error),
      `an append fails with a known error, and with reason: ${error}`,
    );
  }

  /** The consultations that were ever asked for. */
  get consultationIds(): string[] {
    return [...new Set(this.sent.map(({ events }) => events[0]?.consultationId ?? ''))];
  }

  /** Something to send once more: with a known outcome, or without. */
  sentWith(outcome: Sent['outcome']): Sent[] {
    return this.sent.filter((sent) => sent.outcome === outcome);
  }

  /** How many events of a consultation are known to be stored. */
  versionOf(consultationId: string): number {
    const stored = this.sentWith('stored').filter(
      ({ events }) => events[0]?.consultationId === consultationId,
    );
    return stored.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** Compares an event that the store shows with what was sent and answered. */
  checkShown(shown: ShownEvent, canonicalPayload: string): void {
    const known = this.byEventId.get(shown.event_id);
    expect(known !== undefined, `event ${shown.sequence} was sent by somebody`);
    const { sent, event, place } = known;
    const name = `event ${shown.sequence} (version ${shown.version} of ${shown.consultation_id})`;
    expect(sent.outcome !== 'refused', `${name} was refused, or was not there before, and is there`);
    const isSame =
      shown.consultation_id === event.consultationId &&
      shown.event_type === event.type &&
      shown.metadata.user_id === event.userId &&
      canonicalPayload === event.payload;
    expect(isSame, `${name} is what was sent`);
    this.eventsChecked += 1;
    if (place === undefined) return;
    const isThere =
      shown.sequence === place.sequence &&
      shown.version === place.version &&
      shown.hash === place.hash &&
      Date.parse(shown.timestamp) === place.timestampMs;
    expect(isThere, `${name} is where and what the answer said: ${JSON.stringify(place)}`);
  }

  /** Compares everything that a store has, whose newest event is `headSequence`, after a start. */
  checkAll(shown: readonly { event: ShownEvent; payload: string }[], headSequence: number): void {
    const found = new Map<string, ShownEvent>();
    for (const { event, payload } of shown) {
      this.checkShown(event, payload);
      expect(!found.has(event.event_id), `event ${event.sequence} is there once`);
      found.set(event.event_id, event);
    }
    const sequences = shown.map(({ event }) => event.sequence).sort((a, b) => a - b);
    sequences.forEach((sequence, index) => {
      expect(sequence === index + 1, `event ${index + 1} is there, and not ${sequence} in its place`);
    });
    expect(sequences.length === headSequence, `the newest event is ${sequences.length}, not ${headSequence}`);
    for (const sent of this.sent) this.decide(sent, found);
  }

  /** From here on what was found is stored, and what was not is not. */
  private decide(sent: Sent, found: ReadonlyMap<string, ShownEvent>): void {
    const there = sent.events.filter(({ eventId }) => found.has(eventId)).length;
    const first = sent.events[0];
    const what = `${sent.events.length} events of ${first?.consultationId}, from ${first?.eventId} on`;
    if (sent.outcome === 'stored') {
      expect(there === sent.events.length, `acknowledged and not there: ${what}`);
    }
    expect(there === 0 || there === sent.events.length, `stored in part: ${what}`);
    sent.outcome = there > 0 ? 'stored' : 'refused';
    for (const { eventId } of sent.events) {
      const shown = found.get(eventId);
      if (shown === undefined) continue;
      const { sequence, version, hash, timestamp } = shown;
      this.place(eventId, { sequence, version, hash, timestampMs: Date.parse(timestamp) });
    }
  }

  private place(eventId: string, place: Place): void {
    const known = this.byEventId.get(eventId);
    expect(known !== undefined, 'an answer is about something that was sent');
    const { place: before } = known;
    const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(place);
    expect(isSame, `the same answer again: ${JSON.stringify(before)}, ${JSON.stringify(place)}`);
    known.place = place;
  }
}

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ViolationError(what);
}
