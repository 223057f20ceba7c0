/** Links for the tests of segments: real chains, made from a seed. */
import { type AppendKey, appendKeyDigest } from '../../src/domain/append-key.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { encodeLink, GENESIS_HASH, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';

export interface SampleOptions {
  events: number;
  consultations?: number;
  /** The RFC 8785 text of an event's payload. */
  payload?: (index: number) => string;
  seed?: number;
  /** One in four events has a key, unless it is false. */
  keyed?: boolean;
}

const WORDS = [
  'dolor',
  'fiebre',
  'since three days',
  'ünwell',
  '頭痛',
  '🤒',
  'cough',
  'no allergies',
  'chest',
];

/**
 * Makes the links of a store from its first event. Give `chains` to continue where an earlier call stopped.
 */
export class SampleLinks {
  readonly #random: Random;
  readonly #nextId: (timeMs: number) => string;
  readonly #chains: { id: string; session: string; hash: string; version: number }[] = [];
  #timeMs = 1_760_000_000_000;
  #made = 0;
  readonly #keyed: boolean;

  /** With `keyed`, one in four events has a key. */
  constructor(seed = 1, keyed = true) {
    this.#keyed = keyed;
    this.#random = seededRandom(seed);
    const start = new Uint8Array(10).map(() => Math.floor(this.#random() * 256));
    this.#nextId = uuidV7Generator(start);
  }

  /** The next links, interleaved over consultations at random. All thirty types come in turn. */
  make({ events, consultations = 3, payload = (index) => this.#payload(index) }: SampleOptions): Buffer[] {
    return Array.from({ length: events }, () => this.#next(consultations, payload));
  }

  #next(consultations: number, payload: (index: number) => string): Buffer {
    this.#timeMs += Math.floor(this.#random() * 5000);
    const index = this.#made;
    this.#made += 1;
    const chain = this.#chain(Math.floor(this.#random() * consultations));
    const link = encodeLink(
      {
        eventId: this.#nextId(this.#timeMs),
        consultationId: chain.id,
        sessionId: chain.session,
        timestampMs: this.#timeMs,
        version: chain.version + 1,
        type: EVENT_TYPES[index % EVENT_TYPES.length] as EventType,
        source: index % 7 === 0 ? 'import' : 'api',
        timezone: 'America/Mexico_City',
        userId: `clínica-${index % 5}`,
        key: this.#keyed && index % 4 === 0 ? sampleKey(index) : undefined,
        payload: payload(index),
      },
      chain.hash,
    );
    chain.version += 1;
    chain.hash = sha256Latin1(link);
    return link;
  }

  #chain(index: number): { id: string; session: string; hash: string; version: number } {
    const known = this.#chains[index];
    if (known !== undefined) return known;
    const id = this.#nextId(this.#timeMs);
    const created = { id, session: this.#nextId(this.#timeMs), hash: GENESIS_HASH, version: 0 };
    this.#chains[index] = created;
    return created;
  }

  #payload(index: number): string {
    const words = Array.from({ length: 1 + Math.floor(this.#random() * 20) }, () => {
      return WORDS[Math.floor(this.#random() * WORDS.length)];
    });
    return JSON.stringify({ message_content: `${index} ${words.join(' ')}`, message_role: 'user' });
  }
}

function sampleKey(index: number): AppendKey {
  return { digest: appendKeyDigest({}, `key ${index}`), events: 1 + (index % 1000) };
}

/** The links of a new store. */
export function sampleLinks(options: SampleOptions): Buffer[] {
  return new SampleLinks(options.seed, options.keyed).make(options);
}
