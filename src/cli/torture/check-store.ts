/** Holds what a service serves against what its clients were told. */
import { isDeepStrictEqual } from 'node:util';
import type { ConsultationEvent } from '../../domain/event.js';
import { foldEvents } from '../../domain/fold.js';
import { limits } from '../../domain/limits.js';
import type { HttpClient } from '../http-client.js';
import { type Acknowledged, auditHashOf, type Consultation } from './clinic.js';
import type { Findings } from './findings.js';

const ACKNOWLEDGED_FIELDS = ['sequence', 'version', 'timestamp', 'audit_hash', 'hash'] as const;

/** All events of a consultation, page by page; none if there is no such consultation. Throws on another answer. */
export async function eventsOver(client: HttpClient, id: string): Promise<ConsultationEvent[]> {
  const events: ConsultationEvent[] = [];
  for (;;) {
    const path = `/consultations/${id}/events?limit=${limits.pageEventsMax}&offset=${events.length}`;
    const { status, body } = await client.send({ method: 'GET', path });
    if (status === 404) return [];
    if (status !== 200) throw new UnreadableEvents(status, String(body?.code));
    const page = body as unknown as { events: ConsultationEvent[]; event_count: number };
    events.push(...page.events);
    if (page.events.length === 0 || events.length >= page.event_count) return events;
  }
}

/** Events were asked for and refused. */
export class UnreadableEvents extends Error {
  override readonly name = 'UnreadableEvents';

  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`events were asked for and answered with ${status} ${code}`);
  }
}

/**
 * Reads a consultation and reports what is not as it was acknowledged. Gives the sequences of its events, for
 * whoever has all consultations.
 */
export async function checkConsultation(
  client: HttpClient,
  consultation: Consultation,
  findings: Findings,
): Promise<number[]> {
  const events = await eventsOver(client, consultation.id);
  checkEvents(consultation, events, findings);
  if (events.length > 0) await checkState(client, consultation.id, events, findings);
  return events.map(({ sequence }) => sequence);
}

async function checkState(
  client: HttpClient,
  id: string,
  events: readonly ConsultationEvent[],
  findings: Findings,
): Promise<void> {
  const { status, body } = await client.send({ method: 'GET', path: `/consultations/${id}` });
  if (status !== 200) findings.add('unexpected', `the state of ${id} was answered with ${status}`);
  else if (!isDeepStrictEqual(body?.consultation, JSON.parse(JSON.stringify(foldEvents(events).state)))) {
    findings.add('altered', `the state of ${id} is not what its events add up to`);
  }
}

/** Reports what is not as it was acknowledged, of the events that were read of a consultation. */
export function checkEvents(
  consultation: Consultation,
  events: readonly ConsultationEvent[],
  findings: Findings,
): void {
  const { id, isStarted, acknowledged } = consultation;
  const ids = new Set(events.map(({ event_id }) => event_id));
  if (ids.size < events.length) findings.add('duplicated', `an event of ${id} is there twice`);
  if (isStarted && events.length === 0) findings.add('lost', `consultation ${id}, which was started`);
  checkOrder(id, events, findings);
  for (const event of events) {
    if (auditHashOf(event.payload) === event.audit_hash) continue;
    findings.add('altered', `the payload of event ${event.event_id} does not have its audit_hash`);
  }
  checkKept(acknowledged, events, findings);
  checkUninvited(consultation, events, findings);
}

/** Reports the acknowledged events that are missing or were changed; others may be there. */
export function checkKept(
  acknowledged: readonly Acknowledged[],
  events: readonly ConsultationEvent[],
  findings: Findings,
): void {
  const stored = new Map(events.map((event) => [event.event_id, event]));
  for (const known of acknowledged) checkAcknowledged(known, stored.get(known.event_id), findings);
}

function checkAcknowledged(known: Acknowledged, event: ConsultationEvent | undefined, findings: Findings) {
  if (event === undefined) {
    findings.add('lost', `event ${known.event_id}, acknowledged as sequence ${known.sequence}`);
    return;
  }
  for (const field of ACKNOWLEDGED_FIELDS) {
    if (event[field] === known[field]) continue;
    const fault = field === 'sequence' || field === 'version' ? 'out_of_order' : 'altered';
    findings.add(fault, `${field} of event ${known.event_id} is ${event[field]} and was ${known[field]}`);
  }
}

function checkOrder(id: string, events: readonly ConsultationEvent[], findings: Findings): void {
  for (const [index, { version, sequence, timestamp }] of events.entries()) {
    const before = events[index - 1];
    const isInOrder =
      version === index + 1 &&
      (before === undefined || (sequence > before.sequence && timestamp >= before.timestamp));
    if (isInOrder) continue;
    findings.add('out_of_order', `version ${version} of ${id} stands in place ${index + 1}`);
    return;
  }
}

/** Whatever was not acknowledged must have been sent, and not more often than it was. */
function checkUninvited(
  { id, acknowledged, unanswered }: Consultation,
  events: readonly ConsultationEvent[],
  findings: Findings,
): void {
  const known = new Set(acknowledged.map(({ event_id }) => event_id));
  const open = [...unanswered];
  for (const event of events.slice(1)) {
    if (known.has(event.event_id)) continue;
    const sent = open.findIndex(({ body, auditHash }) => {
      return auditHash === event.audit_hash && (body.event_id ?? event.event_id) === event.event_id;
    });
    if (sent < 0) findings.add('uninvited', `event ${event.event_id} of ${id}`);
    else open.splice(sent, 1);
  }
}

/** Reports sequences that are missing or given twice, of all events of a store. */
export function checkSequences(sequences: number[], findings: Findings): void {
  const sorted = Float64Array.from(sequences).sort();
  for (const [index, sequence] of sorted.entries()) {
    if (sequence === index + 1) continue;
    const what = sequence <= index ? 'was given twice' : `follows ${index}`;
    findings.add('out_of_order', `sequence ${sequence} ${what}`);
    return;
  }
}
