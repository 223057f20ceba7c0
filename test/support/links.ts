/** Makes the events of a whole store for tests: sequenced links with right versions and hash chains. */
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { encodeLink, GENESIS_HASH, type SequencedLink, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';

export interface MakeLinksOptions {
  /** How many consultations. At most `events`. */
  consultations: number;
  events: number;
  /** The same seed gives the same links. A whole number from 0. */
  seed: number;
  /**
   * With it, consultations start evenly over time and only so many of the newest go on, as in a real service.
   * Without it, the first events start one each, and all go on.
   */
  active?: number;
  /** Types of the events that follow CONSULTATION_STARTED; all others by default. */
  types?: readonly EventType[];
}

interface Chain {
  id: string;
  sessionId: string;
  userId: string;
  version: number;
  hash: string;
}

const FOLLOWING_TYPES = EVENT_TYPES.filter((type) => type !== 'CONSULTATION_STARTED');
const START_MS = 1_760_000_000_000;

/** Yields `events` links with the sequences from 1, over consultations picked at random. */
export function* makeLinks(options: MakeLinksOptions): Generator<SequencedLink> {
  const { consultations, events, seed, active = consultations, types = FOLLOWING_TYPES } = options;
  const startsPerEvent = active < consultations ? consultations / events : 1;
  const random = seededRandom(seed);
  const nextId = uuidV7Generator(Uint8Array.from({ length: 10 }, () => integerBetween(random, 0, 255)));
  const chains: Chain[] = [];
  let started = 0;
  let timestampMs = START_MS;
  for (let sequence = 1; sequence <= events; sequence += 1) {
    timestampMs += integerBetween(random, 0, 40);
    const isStart = (sequence - 1) * startsPerEvent >= started && started < consultations;
    const chain = isStart ? newChain(started, nextId, timestampMs) : pickOne(random, chains);
    if (isStart) {
      started += 1;
      chains.push(chain);
      if (chains.length > active) chains.shift();
    }
    const type = isStart ? 'CONSULTATION_STARTED' : pickOne(random, types);
    chain.version += 1;
    const link = encodeLink(
      {
        eventId: nextId(timestampMs),
        consultationId: chain.id,
        sessionId: chain.sessionId,
        timestampMs,
        version: chain.version,
        type,
        source: 'test',
        timezone: 'America/Mexico_City',
        userId: chain.userId,
        payload: payloadOf(type, sequence, random),
      },
      chain.hash,
    );
    chain.hash = sha256Latin1(link);
    yield { sequence, link };
  }
}

/** The links in arrays of `size`; the last one may be shorter. */
export function* inBatches(links: Iterable<SequencedLink>, size: number): Generator<SequencedLink[]> {
  let batch: SequencedLink[] = [];
  for (const link of links) {
    if (batch.push(link) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function newChain(index: number, nextId: (timeMs: number) => string, timestampMs: number): Chain {
  return {
    id: nextId(timestampMs),
    sessionId: nextId(timestampMs),
    userId: `usuária-${index % 7}`,
    version: 0,
    hash: GENESIS_HASH,
  };
}

function payloadOf(type: EventType, sequence: number, random: Random): string {
  if (type === 'URGENCY_CLASSIFIED') {
    return JSON.stringify({ urgency_level: pickOne(random, ['critical', 'high', 'medium', 'low']) });
  }
  const text = 'me duele el pecho '.repeat(integerBetween(random, 1, 10));
  return JSON.stringify({ message_content: `${sequence} ${text}`, message_role: 'user' });
}
