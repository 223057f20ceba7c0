/** Events for benchmarks of storage: consultations as a service would have stored them. */
import { createReadStream } from 'node:fs';
import { importPlan, transcriptEvents } from '../../src/cli/import-plan.js';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { JsonObject } from '../../src/domain/event.js';
import type { EventType } from '../../src/domain/event-types.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { encodeLink, GENESIS_HASH, sha256Latin1 } from '../../src/domain/stored-event.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import { ndjsonLines } from '../../src/ops/ndjson-lines.js';

/** One event of a consultation, before it has its place. */
export interface CorpusEvent {
  type: EventType;
  payload: JsonObject;
}
/** A consultation's events after CONSULTATION_STARTED. */
export type CorpusConsultation = readonly CorpusEvent[];

/** The consultations of NDJSON files such as `fi-consult import` takes. Throws its errors. */
export async function consultationsOfFiles(files: readonly string[]): Promise<CorpusConsultation[]> {
  const consultations: CorpusConsultation[] = [];
  for (const file of files) {
    for await (const { content } of ndjsonLines(createReadStream(file))) {
      const plan = importPlan(content);
      if (plan !== undefined) consultations.push(plan.events);
    }
  }
  return consultations;
}

/** Synthetic consultations with at least `events` events in all. */
export function syntheticCorpus(seed: number, events: number): CorpusConsultation[] {
  const consultations: CorpusConsultation[] = [];
  let count = 0;
  for (const transcript of syntheticConsultations({ seed, count: events })) {
    if (count >= events) break;
    const said = transcriptEvents(transcript);
    consultations.push(said);
    count += said.length + 1;
  }
  return consultations;
}

/** Consultations that go on at the same time, as in a clinic. */
const ACTIVE = 16;
const START_MS = 1_760_000_000_000;
/** Between two events of the whole clinic: a message every 8 seconds in each consultation. */
const EVENT_MS_MAX = 1000;

/** The links of a store that these consultations were sent to; the same seed gives the same bytes. */
export function corpusLinks(consultations: readonly CorpusConsultation[], seed: number): Buffer[] {
  const random = seededRandom(seed);
  const nextId = uuidV7Generator(Uint8Array.from({ length: 10 }, () => integerBetween(random, 0, 255)));
  const links: Buffer[] = [];
  const waiting = consultations.toReversed();
  const active: ReturnType<typeof linksOf>[] = [];
  let timeMs = START_MS;
  for (;;) {
    while (active.length < ACTIVE) {
      const next = waiting.pop();
      if (next === undefined) break;
      active.push(linksOf(next, `dr-${waiting.length % 10}`, () => timeMs, nextId));
    }
    if (active.length === 0) return links;
    timeMs += integerBetween(random, 0, EVENT_MS_MAX);
    const index = integerBetween(random, 0, active.length - 1);
    const next = active[index]?.next();
    if (next?.done === false) links.push(next.value);
    else active.splice(index, 1);
  }
}

function* linksOf(
  events: CorpusConsultation,
  userId: string,
  now: () => number,
  nextId: (timeMs: number) => string,
): Generator<Buffer, void> {
  const consultationId = nextId(now());
  const sessionId = nextId(now());
  const start: CorpusEvent = { type: 'CONSULTATION_STARTED', payload: { session_id: sessionId } };
  let hash = GENESIS_HASH;
  let version = 0;
  for (const { type, payload } of [start, ...events]) {
    version += 1;
    const link = encodeLink(
      {
        eventId: nextId(now()),
        consultationId,
        sessionId,
        timestampMs: now(),
        version,
        type,
        source: 'api',
        timezone: 'UTC',
        userId,
        payload: canonicalJson(payload),
      },
      hash,
    );
    hash = sha256Latin1(link);
    yield link;
  }
}
