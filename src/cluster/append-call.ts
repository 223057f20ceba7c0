/**
 * An append on its way to the store. The worker makes the canonical form of each payload and its hash, which are most of
 * what an append costs beside the journal, and sends the form as the tail of the frame: the store writes it as it
 * comes, and parses it only for the few types whose rules look into it.
 *
 * So the store takes a worker's word for it that the text is canonical and the hash its own: both are the same program,
 * and the socket is open to nobody else.
 */
import { canonicalJson } from '../domain/canonical-json.js';
import type { JsonObject } from '../domain/event.js';
import type { EventType } from '../domain/event-types.js';
import { sha256Hex } from '../domain/stored-event.js';
import type { AppendCommand, EventToAppend } from '../store/event-store.js';

/** An event without its payload. */
interface SentEvent {
  type: EventType;
  eventId?: string | undefined;
  userId?: string | undefined;
  auditHash: string;
}

/** The command as JSON has it, and the canonical payloads, a line each: none has a line break in it. */
export type SentAppend = Omit<AppendCommand, 'events'> & { events: readonly SentEvent[] };

export function packAppend(command: AppendCommand): { sent: SentAppend; tail: Buffer } {
  const texts: string[] = [];
  const events = command.events.map(({ type, payload, eventId, userId }): SentEvent => {
    const text = canonicalJson(payload);
    texts.push(text);
    return { type, eventId, userId, auditHash: sha256Hex(text) };
  });
  return { sent: { ...command, events }, tail: Buffer.from(texts.join('\n')) };
}

export function unpackAppend(sent: SentAppend, tail: Buffer): AppendCommand {
  const texts = tail.toString().split('\n');
  const events = sent.events.map((event, index) => new ReceivedEvent(event, texts[index] as string));
  return { ...sent, events };
}

/** Its payload is parsed when somebody looks. */
class ReceivedEvent implements EventToAppend {
  readonly type: EventType;
  declare readonly eventId?: string;
  declare readonly userId?: string;
  readonly prepared: { canonical: string; auditHash: string };
  private parsed: JsonObject | undefined;

  constructor({ type, eventId, userId, auditHash }: SentEvent, canonical: string) {
    this.type = type;
    if (eventId !== undefined) this.eventId = eventId;
    if (userId !== undefined) this.userId = userId;
    this.prepared = { canonical, auditHash };
  }

  get payload(): JsonObject {
    this.parsed ??= JSON.parse(this.prepared.canonical) as JsonObject;
    return this.parsed;
  }
}
