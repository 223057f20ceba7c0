/** Clients that replay consultations over HTTP and remember every answer, to be held against the store later. */
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { consultationScript } from '../../src/domain/consultation-script.js';
import type { ConsultationEvent, JsonObject } from '../../src/domain/event.js';
import { limits } from '../../src/domain/limits.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';

/** What was answered of an event that is acknowledged. */
export interface Acknowledged {
  event_id: string;
  event_type: string;
  payload: JsonObject;
  sequence: number;
  version: number;
  timestamp: string;
  audit_hash: string;
  hash: string;
}

export interface Consultation {
  id: string;
  /** In the order of the answers. */
  acknowledged: Acknowledged[];
  /** Canonical texts of payloads that were sent and never answered: they may be stored or not. */
  unanswered: Set<string>;
}

export class Clinic {
  readonly consultations: Consultation[] = [];
  acknowledgedEvents = 0;
  private wanted = Number.POSITIVE_INFINITY;
  private reached: () => void = () => {};

  /** Resolves when this many further events were acknowledged. */
  acknowledgements(count: number): Promise<void> {
    this.wanted = this.acknowledgedEvents + count;
    return new Promise((resolve) => {
      this.reached = resolve;
    });
  }

  /** Plays consultations until the service stops answering, or the signal says so. The seed decides what is said. */
  async play(url: string, seed: number, signal?: AbortSignal): Promise<void> {
    for (const transcript of syntheticConsultations({ seed, count: 1_000_000 })) {
      const created = await post(url, '/consultations', { user_id: 'dr-lopez' });
      if (created === undefined) return;
      const consultation: Consultation = {
        id: String(created.consultation_id),
        acknowledged: [],
        unanswered: new Set(),
      };
      this.consultations.push(consultation);
      const messageIds: string[] = [];
      for (const { type, payload } of consultationScript(transcript, seed)) {
        if (signal?.aborted) return;
        const event = { event_type: type, payload: payload(messageIds), user_id: 'dr-lopez' };
        const answer = await post(url, `/consultations/${consultation.id}/events`, event);
        if (answer === undefined) {
          consultation.unanswered.add(canonicalJson(event.payload));
          return;
        }
        const acknowledged = { ...event, ...answer } as unknown as Acknowledged;
        consultation.acknowledged.push(acknowledged);
        if (type === 'MESSAGE_RECEIVED') messageIds.push(acknowledged.event_id);
        this.acknowledgedEvents += 1;
        if (this.acknowledgedEvents >= this.wanted) this.reached();
      }
    }
  }
}

/** Posts JSON; `undefined` if there was no answer, an error if it was not 201. */
async function post(url: string, path: string, body: object): Promise<JsonObject | undefined> {
  let answer: { status: number; text: string };
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    answer = { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
  return JSON.parse(answer.text) as JsonObject;
}

export async function getJson<T>(url: string, path: string): Promise<T> {
  const response = await fetch(url + path);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** All events of a consultation, page by page. */
export async function eventsOver(url: string, id: string): Promise<ConsultationEvent[]> {
  const events: ConsultationEvent[] = [];
  for (;;) {
    const page = await getJson<{ events: ConsultationEvent[] }>(
      url,
      `/consultations/${id}/events?limit=${limits.pageEventsMax}&offset=${events.length}`,
    );
    events.push(...page.events);
    if (page.events.length < limits.pageEventsMax) return events;
  }
}
