/** Clients of a simulated store: several at a time, who send what is right, what has to be refused, and things twice. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { CodedError } from '../../src/domain/errors.js';
import type { JsonObject } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import type { AppendedEvent, EventStore } from '../../src/store/event-store.js';
import { expect, isFailureOfDisk, type Sent, type SentEvent, type ShownEvent, type Told } from './told.js';

/** A store as clients meet it: whether it is still there, and whether its disk has failed. */
export interface Served {
  store: EventStore;
  isOn: () => boolean;
  mayFail: () => boolean;
}

const USERS = ['dr-lopez', 'enfermera-ñ', 'assistant'];

export class Clients {
  private readonly nextId: (timeMs: number) => string;
  private idMs = 1_600_000_000_000;

  constructor(
    private readonly told: Told,
    private readonly random: Random,
  ) {
    this.nextId = uuidV7Generator(Uint8Array.from({ length: 10 }, () => integerBetween(random, 0, 255)));
  }

  /** Some clients at a time, each with a few requests one after another. */
  async round(served: Served): Promise<void> {
    const clients = Array.from({ length: integerBetween(this.random, 1, 5) }, async () => {
      for (let count = integerBetween(this.random, 1, 4); count > 0 && served.isOn(); count -= 1) {
        await this.request(served);
      }
    });
    await Promise.all(clients);
  }

  private async request(served: Served): Promise<void> {
    const started = this.startedConsultations();
    const choice = this.random();
    if (started.length === 0 || choice < 0.12) return this.create(served);
    const consultationId = pickOne(this.random, started);
    if (choice < 0.18) return this.again(served);
    if (choice < 0.26) return this.read(served, consultationId);
    if (choice < 0.32) return this.reuse(served, consultationId);
    const count = this.random() < 0.2 ? integerBetween(this.random, 2, 4) : 1;
    const events = Array.from({ length: count }, () => this.event(consultationId));
    await this.send(served, this.told.send(events), this.expectedVersion(consultationId));
  }

  /** Sends everything once more of which it is not known whether it was stored. */
  async resend(served: Served): Promise<void> {
    for (const sent of this.told.sentWith('unknown')) if (served.isOn()) await this.send(served, sent);
  }

  private startedConsultations(): string[] {
    const started = this.told
      .sentWith('stored')
      .filter(({ events }) => events[0]?.type === 'CONSULTATION_STARTED');
    return started.map(({ events }) => events[0]?.consultationId as string);
  }

  private id(): string {
    this.idMs += 1;
    return this.nextId(this.idMs);
  }

  private async create(served: Served): Promise<void> {
    const consultationId = this.id();
    const eventId = this.id();
    const userId = pickOne(this.random, USERS);
    const event = { eventId, consultationId, userId, type: 'CONSULTATION_STARTED', payload: '' } as const;
    // The payload names a session, which the store chooses.
    await this.send(served, this.told.send([event]));
  }

  private async send(served: Served, sent: Sent, expectedVersion?: number): Promise<void> {
    const { consultationId, userId, type: firstType, eventId: firstId } = sent.events[0] as SentEvent;
    const { store } = served;
    if (firstType === 'CONSULTATION_STARTED') {
      const command = { userId, source: 'test', consultationId, eventId: firstId };
      await this.answered(served, sent, async () => [(await store.create(command)).event]);
      return;
    }
    const events = sent.events.map(({ eventId, type, payload }) => {
      return { eventId, type, payload: JSON.parse(payload) as JsonObject };
    });
    await this.answered(served, sent, async () => {
      const command = { consultationId, userId, source: 'test', events };
      const withVersion = expectedVersion === undefined ? command : { ...command, expectedVersion };
      return (await store.append(withVersion)).events;
    });
  }

  private async answered(
    served: Served,
    sent: Sent,
    call: () => Promise<readonly AppendedEvent[]>,
  ): Promise<void> {
    try {
      const answers = await call();
      if (served.isOn()) this.told.stored(sent, answers);
    } catch (error) {
      if (served.isOn()) this.told.failed(sent, error, served.mayFail());
    }
  }

  /** A request that was answered before, once more. */
  private async again(served: Served): Promise<void> {
    const stored = this.told.sentWith('stored');
    if (stored.length > 0) await this.send(served, pickOne(this.random, stored));
  }

  /** Another event with an id that is taken, which has to be refused. */
  private async reuse({ store, isOn, mayFail }: Served, consultationId: string): Promise<void> {
    const { eventId } = pickOne(this.random, this.told.sentWith('stored')).events[0] as SentEvent;
    const { type, payload, userId } = this.event(consultationId);
    try {
      const events = [{ type, payload: JSON.parse(payload) as JsonObject, eventId }];
      await store.append({ consultationId, userId, source: 'test', events });
      if (isOn()) expect(false, 'an event_id that is taken is refused');
    } catch (error) {
      if (!isOn() || (error instanceof CodedError && error.code === 'EVENT_ID_REUSED')) return;
      const isOther = error instanceof CodedError && ['OVERLOADED', 'STORAGE_FULL'].includes(error.code);
      expect(
        mayFail() && (isOther || isFailureOfDisk(error)),
        `an event_id that is taken is refused: ${error}`,
      );
    }
  }

  /** Whatever is read while things go wrong is right, or an error. */
  private async read({ store, isOn, mayFail }: Served, consultationId: string): Promise<void> {
    try {
      const offset = integerBetween(this.random, 0, 5);
      const { eventsJson } = await store.events({ consultationId, offset, limit: 20 });
      if (isOn()) for (const json of eventsJson) checkShown(this.told, json);
    } catch (error) {
      if (!isOn()) return;
      if (mayFail() && isFailureOfDisk(error)) return;
      throw error;
    }
  }

  private expectedVersion(consultationId: string): number | undefined {
    const choice = this.random();
    if (choice < 0.6) return undefined;
    const version = this.told.versionOf(consultationId);
    return choice < 0.9 ? version : version + integerBetween(this.random, 1, 5);
  }

  private event(consultationId: string): SentEvent {
    const { type, payload } = this.content();
    const userId = USERS[0] as string;
    return { eventId: this.id(), consultationId, userId, type, payload: canonicalJson(payload) };
  }

  private content(): { type: EventType; payload: JsonObject } {
    const { random } = this;
    const choice = random();
    if (choice < 0.06) {
      // Of this consultation, or of another one, or of nobody.
      const messages = this.told.sent
        .flatMap(({ events }) => events)
        .filter(({ type }) => type === 'MESSAGE_RECEIVED');
      const message_id =
        messages.length > 0 && random() < 0.8 ? pickOne(random, messages).eventId : this.id();
      return { type: 'MESSAGE_DELETED', payload: { message_id } };
    }
    if (choice < 0.08) return committed(random());
    if (choice < 0.14)
      return { type: 'MESSAGES_CLEARED', payload: { core_id: `core ${random()}`, message_count_cleared: 1 } };
    const length = random() < 0.05 ? integerBetween(random, 1000, 6000) : integerBetween(random, 1, 200);
    const message_content = `${'dolor en el pecho '.repeat(Math.ceil(length / 18)).slice(0, length)}${random()}`;
    return { type: 'MESSAGE_RECEIVED', payload: { message_role: 'user', message_content } };
  }
}

function committed(number: number): { type: EventType; payload: JsonObject } {
  const soap_data = { subjective: `${number}` };
  const commit_hash = hash('sha256', canonicalJson(soap_data), 'hex');
  const scores = { quality_score: 0.5, completeness: 90, nom_compliance: 90 };
  return {
    type: 'CONSULTATION_COMMITTED',
    payload: { soap_data, commit_hash, committed_by: 'dr-lopez', ...scores },
  };
}

/** Compares an event as the store shows it with what was sent. */
export function checkShown(told: Told, json: string): { event: ShownEvent; payload: string } {
  const event = JSON.parse(json) as ShownEvent;
  // A start names a session, which the store chose.
  const payload =
    event.event_type === 'CONSULTATION_STARTED' ? '' : canonicalJson(event.payload as JsonObject);
  told.checkShown(event, payload);
  return { event, payload };
}
