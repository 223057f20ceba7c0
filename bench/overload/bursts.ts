/** What a flood sends: bursts of requests as bytes, with the priority of each. */
import { integerBetween, pickOne, seededRandom } from '../../src/domain/seeded-random.js';
import { postRequest } from '../harness/http-connection.js';
import { USER_ID } from '../support/append-requests.js';

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

/** Bursts of `size` requests to these consultations; `criticalShare` of them are critical, by chance. */
export function makeBursts(
  ids: readonly string[],
  bodies: readonly string[],
  { seed, size, criticalShare }: { seed: number; size: number; criticalShare: number },
): Burst[] {
  const random = seededRandom(seed);
  return Array.from({ length: BURSTS }, () => {
    const critical = Array.from({ length: size }, () => random() < criticalShare);
    const requests = critical.map((isCritical) => {
      const path = `/consultations/${pickOne(random, ids)}/events`;
      const body = bodies[integerBetween(random, 0, bodies.length - 1)] as string;
      return postRequest(path, isCritical ? CRITICAL_BODY : body);
    });
    return { bytes: Buffer.concat(requests), critical };
  });
}
