/** What is asked of the list of consultations, each time for another user or another part of the time. */
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import { START_MS, STEP_MS, someUser } from './history.js';

export interface FindingCase {
  what: string;
  /** The query of one request. */
  query: (random: Random, consultations: number) => string;
}

const URGENCIES = ['critical', 'high', 'medium', 'low', 'none'];
const time = (ms: number): string => new Date(ms).toISOString();
const someTimeMs = (random: Random, consultations: number): number =>
  START_MS + integerBetween(random, 0, consultations) * STEP_MS;
const before = (random: Random, consultations: number): string =>
  `to=${time(someTimeMs(random, consultations))}`;

export const CASES: readonly FindingCase[] = [
  { what: 'no filter', query: () => '' },
  { what: 'no filter, 200 of them', query: () => 'limit=200' },
  { what: 'no filter, from somewhere on', query: before },
  { what: 'by user', query: (random) => `user_id=${someUser(random)}` },
  { what: 'by status', query: (random, count) => `status=active&${before(random, count)}` },
  {
    what: 'by urgency',
    query: (random, count) => `urgency=${pickOne(random, URGENCIES)}&${before(random, count)}`,
  },
  {
    what: 'by status and urgency',
    query: (random, count) => `status=active&urgency=${pickOne(random, URGENCIES)}&${before(random, count)}`,
  },
  {
    what: 'by user, status and urgency',
    query: (random) => `user_id=${someUser(random)}&status=committed&urgency=${pickOne(random, URGENCIES)}`,
  },
  {
    what: 'by user and an hour',
    query: (random, count) => {
      const fromMs = someTimeMs(random, count);
      return `user_id=${someUser(random)}&from=${time(fromMs)}&to=${time(fromMs + 3_600_000)}`;
    },
  },
  { what: 'by a user that there is not', query: () => 'user_id=nobody' },
];
