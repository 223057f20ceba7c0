/**
 * A model of the service: what it acknowledged, and nothing else, is what it must hold in the end.
 *
 * It knows no routes. Whatever answer of success names an `event_id` acknowledges that event, and the objects of the
 * request that have an `event_type` are the events in the order in which they were acknowledged.
 */
import assert from 'node:assert/strict';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { ConsultationEvent, Json, JsonObject } from '../../src/domain/event.js';

/** Who sends what may be stored without an answer: its connection may break first. */
export const UNANSWERED_USER = 'unanswered';

interface Acknowledged {
  answer: JsonObject;
  /** What was sent; unknown if the event is known from the answer alone. */
  sent: JsonObject | undefined;
}

export class AcceptedEvents {
  private readonly byEventId = new Map<string, Acknowledged>();
  /** Events that were acknowledged in groups, without their ids: how many of each type, user and payload. */
  private readonly unnamed = new Map<string, number>();
  private readonly starts = new Map<string, { answer: JsonObject; sent: JsonObject }>();

  /** Notes an answer of success to a request that may store something. */
  accept(requestText: string, answerText: string): void {
    const answers = jsonTexts(answerText);
    const sent = jsonTexts(requestText).flatMap((value) => objectsWith(value, 'event_type'));
    const acknowledged = answers.flatMap((value) => objectsWith(value, 'event_id'));
    for (const [index, answer] of acknowledged.entries()) {
      this.byEventId.set(String(answer.event_id), { answer, sent: sent[index] });
    }
    if (acknowledged.length > 0) return;
    const through = Math.max(0, ...answers.map((answer) => lineOf(answer)));
    // Lines are counted as they are in the text, the empty ones too.
    const lines = requestText.split('\n').slice(0, through).join('\n');
    for (const event of jsonTexts(lines).flatMap((value) => objectsWith(value, 'event_type'))) {
      this.countUnnamed(keyOf(event), 1);
    }
    if (through > 0) return;
    for (const answer of answers.flatMap((value) => objectsWith(value, 'session_id'))) {
      this.starts.set(String(answer.consultation_id), {
        answer,
        sent: jsonTexts(requestText)[0] as JsonObject,
      });
    }
  }

  private countUnnamed(key: string, change: 1 | -1): void {
    this.unnamed.set(key, (this.unnamed.get(key) ?? 0) + change);
  }

  /** Compares with all that is stored, in the order of sequences. Gives what is wrong. */
  faults(stored: readonly ConsultationEvent[]): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    const missing = new Set([...this.byEventId.keys(), ...this.starts.keys()]);
    for (const [index, event] of stored.entries()) {
      if (event.sequence !== index + 1) found.push(`sequence ${index + 1} is ${event.sequence}`);
      if (seen.has(event.event_id)) found.push(`event ${event.event_id} is there twice`);
      seen.add(event.event_id);
      const fault = this.faultOf(event);
      if (fault !== undefined) found.push(`${fault}: ${JSON.stringify(event).slice(0, 300)}`);
      missing.delete(event.event_id);
      if (event.event_type === 'CONSULTATION_STARTED') missing.delete(event.consultation_id);
    }
    for (const id of missing) found.push(`${id} was acknowledged and is not stored`);
    for (const [key, count] of this.unnamed)
      if (count !== 0) found.push(`${count} more acknowledged than stored: ${key}`);
    return found;
  }

  private faultOf(event: ConsultationEvent): string | undefined {
    const acknowledged = this.byEventId.get(event.event_id);
    if (acknowledged !== undefined) return faultOfAppended(event, acknowledged);
    if (event.metadata.user_id === UNANSWERED_USER) return undefined;
    const key = keyOf({ ...event, user_id: event.metadata.user_id });
    if ((this.unnamed.get(key) ?? 0) > 0) {
      this.countUnnamed(key, -1);
      return undefined;
    }
    const start = this.starts.get(event.consultation_id);
    if (event.event_type !== 'CONSULTATION_STARTED' || start === undefined)
      return 'it was never acknowledged';
    const { patient_stub } = start.sent;
    const payload = {
      session_id: start.answer.session_id as string,
      ...(patient_stub !== undefined && { patient_stub }),
    };
    return differs(event.payload, payload) || event.metadata.user_id !== start.sent.user_id
      ? 'it was started otherwise'
      : undefined;
  }
}

function faultOfAppended(event: ConsultationEvent, { answer, sent }: Acknowledged): string | undefined {
  for (const field of ['sequence', 'version', 'timestamp', 'hash', 'audit_hash'] as const) {
    if (answer[field] !== undefined && answer[field] !== event[field])
      return `its ${field} is not what was answered`;
  }
  if (sent === undefined) return undefined;
  if (sent.event_type !== event.event_type) return 'it has another type than was sent';
  if (sent.user_id !== event.metadata.user_id) return 'it has another user than was sent';
  return differs(event.payload, sent.payload as JsonObject)
    ? 'it has another payload than was sent'
    : undefined;
}

/** What is known of an event before it has an id. */
function keyOf({
  event_type,
  user_id,
  payload,
}: {
  event_type?: Json;
  user_id?: Json;
  payload?: Json;
}): string {
  return canonicalJson([event_type ?? null, user_id ?? null, payload ?? null]);
}

/** The line that an answer acknowledges together with all before it; 0 for another answer. */
function lineOf(answer: Json): number {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || 'code' in answer) return 0;
  return typeof answer.line === 'number' ? answer.line : 0;
}

function differs(stored: JsonObject, sent: JsonObject): boolean {
  return canonicalJson(stored) !== canonicalJson(sent);
}

/** The value of a JSON text, or the values of its lines. */
function jsonTexts(text: string): Json[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Json];
      } catch {
        return [];
      }
    });
  }
}

/** Deeper than any answer, or request that was accepted, has its events. */
const EVENT_DEPTH_MAX = 4;

/** The outermost objects that have a field, in the order of the text. */
function objectsWith(value: Json, field: string, depth = 0): JsonObject[] {
  if (typeof value !== 'object' || value === null || depth > EVENT_DEPTH_MAX) return [];
  if (!Array.isArray(value) && Object.hasOwn(value, field)) return [value as JsonObject];
  return Object.values(value).flatMap((inner) => objectsWith(inner as Json, field, depth + 1));
}

/** Reads an export. */
export function eventsOfExport(text: string): ConsultationEvent[] {
  const lines = text.split('\n').filter((line) => line !== '');
  assert.ok(lines.length > 0, 'the export has events');
  return lines.map((line) => JSON.parse(line) as ConsultationEvent);
}
