/** What a flood sends: bursts of requests as bytes, with the priority of each. */
import { integerBetween, pickOne, seededRandom } from '../../src/domain/seeded-random.js';
import { appendRequest, USER_ID } from '../support/append-requests.js';

/** Requests one after another in one write, as a client that pipelines them sends them. */
export interface Burst {
  bytes: Buffer;
  /** Which of them are critical. */
  critical: readonly boolean[];
}

/** Different bursts; they are sent in turn. */
const BURSTS = 512;

const CRITICAL_BODY = JSON.stringify({
  event_type: 'CRITICAL_PATTERN_DETECTED',
  user_id: USER_ID,
  payload: {
    pattern_name: 'acute coronary syndrome',
    gravity_score: 9,
    widow_maker_alert: true,
    symptoms_matched: ['dolor en el pecho', 'sudor frío'],
    critical_differentials: ['infarto'],
    time_to_action: 'immediate',
  },
});

export interface BurstOptions {
  seed: number;
  /** Requests. */
  size: number;
  /** How many of them are critical, by chance. */
  criticalShare: number;
  /** Events in each request; several are a batch, which is critical if one of them is. */
  events: number;
}

/** Bursts of requests to these consultations. */
export function makeBursts(
  ids: readonly string[],
  bodies: readonly string[],
  { seed, size, criticalShare, events }: BurstOptions,
): Burst[] {
  const random = seededRandom(seed);
  return Array.from({ length: BURSTS }, () => {
    const critical = Array.from({ length: size }, () => random() < criticalShare);
    const requests = critical.map((isCritical) => {
      const chosen = Array.from({ length: events }, () => pickOne(random, bodies));
      if (isCritical) chosen[integerBetween(random, 0, events - 1)] = CRITICAL_BODY;
      return appendRequest(pickOne(random, ids), chosen);
    });
    return { bytes: Buffer.concat(requests), critical };
  });
}
