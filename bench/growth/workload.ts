/**
 * The history that the growth benchmark fills a store with: consultations of about 20 events, some of 100, 1,000
 * and 5,000, and one that takes every hundredth event and never ends. A few hundred are open at a time.
 *
 * What is said comes from a seeded pool of synthetic texts, so that the same size and seed give the same payloads.
 */
import type { JsonObject } from '../../src/domain/event.js';
import { integerBetween, pickOne, type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import type { EventToAppend } from '../../src/store/event-store.js';

/** Lengths, in events, of the consultations whose states are read; one in so many consultations is one. */
export const PROBE_LENGTHS = [100, 1000, 5000] as const;
export type ProbeLength = (typeof PROBE_LENGTHS)[number];
const ONE_IN: Readonly<Record<ProbeLength, number>> = { 100: 50, 1000: 250, 5000: 1000 };
/** A long consultation is begun once the store has this many times its length. */
const ROOM = 2;

const SHORT_EVENTS = { min: 10, max: 30 } as const;
const TEXTS = 4000;
export const USER_ID = 'dr-bench';

/** What the measurements look for in a filled store: ids of consultations. */
export interface Sample {
  /** Complete, by their exact length. */
  probes: Record<ProbeLength, string[]>;
  /** Of about 20 events, from all over the history. */
  short: string[];
  /** The one that takes every hundredth event. */
  endless: string;
}

export class Payloads {
  private readonly texts: string[] = [];
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    for (const { messages } of syntheticConsultations({ seed, count: TEXTS })) {
      this.texts.push(...messages.map(({ text }) => text));
      if (this.texts.length >= TEXTS) break;
    }
  }

  /** Nine messages of ten events; between them, what a completed extraction says of completeness. */
  next(): EventToAppend {
    return this.random() < 0.9
      ? { type: 'MESSAGE_RECEIVED', payload: this.message() }
      : { type: 'COMPLETENESS_CALCULATED', payload: this.completeness() };
  }

  message(): JsonObject {
    const message_role = this.random() < 0.5 ? 'user' : 'assistant';
    return { message_content: pickOne(this.random, this.texts), message_role };
  }

  private completeness(): JsonObject {
    const completeness_percentage = integerBetween(this.random, 0, 100);
    return { completeness_percentage, missing_critical_fields: ['allergies', 'medications'] };
  }
}

/** The length of the `number`th consultation (from 1) when the store has so many events. */
export function plannedLength(number: number, storedEvents: number, random: Random): number {
  const probe = PROBE_LENGTHS.findLast((length, index) => {
    // The remainders differ, so that no consultation is due to be two lengths.
    return number % ONE_IN[length] === index + 1 && storedEvents >= ROOM * length;
  });
  return probe ?? integerBetween(random, SHORT_EVENTS.min, SHORT_EVENTS.max);
}

/** The body of an append over HTTP. */
export function appendBody(payloads: Payloads): string {
  return JSON.stringify({
    event_type: 'MESSAGE_RECEIVED',
    payload: payloads.message(),
    user_id: USER_ID,
  });
}
