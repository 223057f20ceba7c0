/**
 * Clients that replay consultations over HTTP and keep every answer, to be held against the store later.
 *
 * Payloads are kept as the SHA-256 of their canonical form, which is computed here and compared with the
 * `audit_hash` of the answer: an event takes a few hundred bytes, and what is stored can still be checked.
 */
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson } from '../../domain/canonical-json.js';
import { consultationScript } from '../../domain/consultation-script.js';
import type { JsonObject } from '../../domain/event.js';
import { limits } from '../../domain/limits.js';
import { syntheticConsultations } from '../../domain/synthetic-consultations.js';
import { uuidV7Generator } from '../../domain/uuid.js';
import { type HttpAnswer, type HttpClient, httpClient } from '../http-client.js';
import { Milestone } from './milestone.js';

/** What was answered of an event that is acknowledged. */
export interface Acknowledged {
  event_id: string;
  sequence: number;
  version: number;
  timestamp: string;
  audit_hash: string;
  hash: string;
}

/** An event that was sent and not answered: it may be stored or not. */
export interface Unanswered {
  body: JsonObject;
  auditHash: string;
}

export interface Consultation {
  /** Chosen by the client, so that it is known whatever becomes of the answer. */
  id: string;
  /** Whether its start was answered. */
  isStarted: boolean;
  /** In the order of the answers, without the start. */
  acknowledged: Acknowledged[];
  unanswered: Unanswered[];
}

const USER = 'dr-lopez';
/** Every so many steps an event is sent that has to be refused. */
const REFUSED_EVERY = 20;
const FULL_WAIT_MS = 10;
const OVERLOADED_WAIT_MS = 100;

export const auditHashOf = (payload: unknown): string =>
  hash('sha256', canonicalJson(payload as JsonObject), 'hex');

/** `stop`: the service answers no more. */
type Outcome = 'stored' | 'refused' | 'stop';

export class Clinic {
  readonly consultations: Consultation[] = [];
  /** Those that something was sent to since this was last emptied. */
  readonly touched = new Set<Consultation>();
  readonly acknowledged = new Milestone();
  /** 507 STORAGE_FULL. */
  readonly full = new Milestone();
  /** Refused for what they were. */
  refused = 0;
  unanswered = 0;
  /** Sent again after a stop, with the same id. */
  resent = 0;
  readonly #nextId = uuidV7Generator();

  /** Plays consultations until the service stops answering, or the signal says so. The seed decides what is said. */
  async play(url: string, seed: number, signal?: AbortSignal): Promise<void> {
    const client = httpClient(new URL(url), limits.tortureRequestMs);
    try {
      for (const transcript of syntheticConsultations({ seed, count: 1_000_000 })) {
        const consultation = await this.#start(client, signal);
        if (consultation === undefined) return;
        const messageIds: string[] = [];
        let steps = 0;
        for (const { type, payload } of consultationScript(transcript, seed)) {
          steps += 1;
          // Half of the clients leave ids to the service; they cannot ask again.
          const eventId = seed % 2 === 0 ? { event_id: this.#newId() } : {};
          const body = { event_type: type, payload: payload(messageIds), user_id: USER, ...eventId };
          if (!(await this.#append(client, consultation, body, signal))) return;
          const { event_id = '' } = consultation.acknowledged.at(-1) ?? {};
          if (type === 'MESSAGE_RECEIVED') messageIds.push(event_id);
          if (steps % REFUSED_EVERY === 0) await this.#tryRefused(client, consultation);
        }
      }
    } finally {
      client.close();
    }
  }

  /** Sends again what was not answered, where it has an id: each must be stored once, whenever it came. */
  async resend(client: HttpClient, consultation: Consultation): Promise<void> {
    if (!consultation.isStarted) {
      const start = { user_id: USER, consultation_id: consultation.id };
      const answer = await this.#post(client, '/consultations', start);
      if (answer?.status !== 201) throw unexpected('a start that was sent again', answer);
      consultation.isStarted = true;
    }
    for (const sent of consultation.unanswered.filter(({ body }) => 'event_id' in body)) {
      const answer = await this.#post(client, `/consultations/${consultation.id}/events`, sent.body);
      if (answer?.status !== 201) throw unexpected('an event that was sent again', answer);
      this.#keep(consultation, sent, answer);
      consultation.unanswered.splice(consultation.unanswered.indexOf(sent), 1);
      this.resent += 1;
    }
  }

  /** Starts a consultation; `undefined` when the service stops answering. */
  async #start(client: HttpClient, signal: AbortSignal | undefined): Promise<Consultation | undefined> {
    const id = this.#newId();
    const consultation: Consultation = { id, isStarted: false, acknowledged: [], unanswered: [] };
    this.consultations.push(consultation);
    this.touched.add(consultation);
    while (signal?.aborted !== true) {
      const answer = await this.#post(client, '/consultations', { user_id: USER, consultation_id: id });
      const outcome = await this.#outcomeOf(answer);
      if (outcome === 'stop') return undefined;
      if (outcome === 'refused') continue;
      consultation.isStarted = true;
      return consultation;
    }
    return undefined;
  }

  /** Appends an event, again and again while it is refused for want of room. False when that has to end. */
  async #append(
    client: HttpClient,
    consultation: Consultation,
    body: JsonObject,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    this.touched.add(consultation);
    const sent = { body, auditHash: auditHashOf(body.payload) };
    while (signal?.aborted !== true) {
      const answer = await this.#post(client, `/consultations/${consultation.id}/events`, body);
      const outcome = await this.#outcomeOf(answer);
      if (outcome === 'stored') this.#keep(consultation, sent, answer as HttpAnswer);
      if (outcome === 'stored') return true;
      if (outcome === 'refused') continue;
      // A service that is stopping has stored nothing of it, and says so.
      if (answer?.body?.code === 'SHUTTING_DOWN') return false;
      consultation.unanswered.push(sent);
      this.unanswered += 1;
      return false;
    }
    return false;
  }

  #keep(consultation: Consultation, { body, auditHash }: Unanswered, answer: HttpAnswer): void {
    const { event_id, sequence, version, timestamp, audit_hash, hash } =
      answer.body as unknown as Acknowledged;
    if (audit_hash !== auditHash || (body.event_id ?? event_id) !== event_id) {
      throw unexpected('an event that is another one than was sent', answer);
    }
    consultation.acknowledged.push({ event_id, sequence, version, timestamp, audit_hash, hash });
    this.acknowledged.add();
  }

  async #outcomeOf(answer: HttpAnswer | undefined): Promise<Outcome> {
    if (answer === undefined) return 'stop';
    const { status, body } = answer;
    if (status === 201) return 'stored';
    switch (body?.code) {
      case 'STORAGE_FULL':
        this.full.add();
        if (status !== 507) throw unexpected('a full disk', answer);
        await delay(FULL_WAIT_MS);
        return 'refused';
      // Nothing of it was stored, so that it may be sent again also without an id.
      case 'STORE_UNREACHABLE':
      case 'OVERLOADED':
        await delay(OVERLOADED_WAIT_MS);
        return 'refused';
      case 'SHUTTING_DOWN':
      case 'LOG_UNAVAILABLE':
      case 'OUTCOME_UNKNOWN':
        return 'stop';
      default:
        throw unexpected('an event', answer);
    }
  }

  /** Sends what must be refused: an id that is taken by another event, and a role that there is not. */
  async #tryRefused(client: HttpClient, consultation: Consultation): Promise<void> {
    const payload = { message_content: 'This must not be stored.', message_role: 'user' };
    const taken = consultation.acknowledged.at(-1)?.event_id ?? '';
    const bodies: JsonObject[] = [
      { event_type: 'MESSAGE_RECEIVED', user_id: USER, event_id: taken, payload },
      { event_type: 'MESSAGE_RECEIVED', user_id: USER, payload: { ...payload, message_role: 'nobody' } },
    ];
    for (const body of bodies) {
      const answer = await this.#post(client, `/consultations/${consultation.id}/events`, body);
      if (answer === undefined || answer.status >= 503) return;
      if (answer.status !== 422 && answer.status !== 409)
        throw unexpected('an event that is not valid', answer);
      this.refused += 1;
    }
  }

  /** `undefined` if there was no answer. */
  async #post(client: HttpClient, path: string, body: JsonObject): Promise<HttpAnswer | undefined> {
    return client.send({ method: 'POST', path, body }).catch(() => undefined);
  }

  #newId(): string {
    return this.#nextId(Date.now());
  }
}

function unexpected(what: string, answer: HttpAnswer | undefined): Error {
  if (answer === undefined) return new Error(`${what} was not answered`);
  return new Error(`${what} was answered with ${answer.status} ${String(answer.body?.code ?? '')}`);
}
