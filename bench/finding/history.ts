/**
 * The events of a great many consultations, as a service would have stored them: each is started, said something in,
 * mostly classified, and mostly committed, while others go on. Few events each, so that lists change with every second
 * one: harder on the index than real consultations, which have twenty.
 */

import type { EventType } from '../../src/domain/event-types.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { encodeLink, GENESIS_HASH, type SequencedLink, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';

export const START_MS = Date.parse('2026-01-01T00:00:00Z');
/** From one start to the next: a million take eleven days and a half. */
export const STEP_MS = 1000;
export const USERS = 1000;
export const userName = (index: number): string => `dr.${index}`;

interface Chain {
  id: string;
  userId: string;
  version: number;
  hash: string;
}

/** How many starts after its own a consultation is classified, and committed. */
const CLASSIFIED_AFTER = 100;
const COMMITTED_AFTER = 500;

export function* historyLinks(consultations: number, seed: number): Generator<SequencedLink> {
  const random = seededRandom(seed);
  const nextId = uuidV7Generator(Buffer.alloc(10, seed));
  const open = new Map<number, Chain>();
  let sequence = 0;
  let timeMs = START_MS;
  const next = (chain: Chain, type: EventType, payload: object): SequencedLink => {
    chain.version += 1;
    sequence += 1;
    const { id, userId, version } = chain;
    const link = encodeLink(
      {
        eventId: nextId(timeMs),
        consultationId: id,
        sessionId: id,
        timestampMs: timeMs,
        version,
        type,
        source: 'bench',
        timezone: 'UTC',
        userId,
        payload: JSON.stringify(payload),
      },
      chain.hash,
    );
    chain.hash = sha256Latin1(link);
    return { sequence, link };
  };
  for (let index = 0; index < consultations + COMMITTED_AFTER; index += 1) {
    timeMs = START_MS + index * STEP_MS;
    if (index < consultations) {
      const chain = { id: nextId(timeMs), userId: someUser(random), version: 0, hash: GENESIS_HASH };
      open.set(index, chain);
      yield next(chain, 'CONSULTATION_STARTED', { session_id: chain.id });
      yield next(chain, 'MESSAGE_RECEIVED', { message_content: 'me duele el pecho', message_role: 'user' });
    }
    const classified = open.get(index - CLASSIFIED_AFTER);
    if (classified !== undefined && integerBetween(random, 1, 10) <= 7) {
      const urgency_level = pickOne(random, ['critical', 'high', 'medium', 'low']);
      yield next(classified, 'URGENCY_CLASSIFIED', { urgency_level });
    }
    const committed = open.get(index - COMMITTED_AFTER);
    open.delete(index - COMMITTED_AFTER);
    if (committed !== undefined && integerBetween(random, 1, 10) <= 8) {
      yield next(committed, 'CONSULTATION_COMMITTED', { commit_hash: '' });
    }
  }
}

/** Some users have many times as many consultations as others. */
export function someUser(random: Random): string {
  return userName(Math.min(integerBetween(random, 0, USERS - 1), integerBetween(random, 0, USERS - 1)));
}
