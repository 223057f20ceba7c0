/** The texts that are parsed and written: bodies of requests and events as the service has them, small and large. */
import { consultationScript } from '../../src/domain/consultation-script.js';
import type { Json, JsonObject } from '../../src/domain/event.js';
import { eventJsonOfLink } from '../../src/domain/stored-event.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import type { CaseContext } from '../harness/benchmark.js';
import { appendBodies, USER_ID } from '../support/append-requests.js';
import { corpusLinks, syntheticCorpus } from '../support/corpus.js';

/** Texts of one kind, taken in turn. */
export interface Documents {
  kind: string;
  texts: readonly string[];
}

const TEXTS = 500;
const LARGE_BYTES = 256 * 1024;
const EVENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** Bodies of appends: messages of a corpus, every type of a consultation, and one large extraction. */
export async function appendDocuments({ corpus, seed }: CaseContext): Promise<Documents[]> {
  const mixed = [...mixedBodies(seed)].slice(0, TEXTS);
  const messages = (await appendBodies(corpus, seed)).slice(0, TEXTS);
  return [
    { kind: 'messages', texts: messages },
    { kind: 'all types', texts: mixed },
    { kind: 'large', texts: [largeBody(messages)] },
  ];
}

function* mixedBodies(seed: number): Generator<string> {
  for (const transcript of syntheticConsultations({ seed, count: TEXTS })) {
    const ids = new Array<string>(transcript.messages.length).fill(EVENT_ID);
    for (const { type, payload } of consultationScript(transcript, seed)) {
      yield JSON.stringify({ event_type: type, payload: payload(ids), user_id: USER_ID });
    }
  }
}

/** A long list of what was said: many values, but no more fields than a body may have. */
function largeBody(bodies: readonly string[]): string {
  const found: Json[] = [];
  for (let bytes = 0; bytes < LARGE_BYTES; ) {
    const text = bodies[found.length % bodies.length] as string;
    const said = (JSON.parse(text) as { payload: JsonObject }).payload.message_content as Json;
    found.push(said);
    bytes += JSON.stringify(said).length;
  }
  const payload = {
    iteration: 1,
    completeness: 90,
    nom_compliance: 90,
    missing_fields: [],
    extraction_data: { found },
  };
  return JSON.stringify({ event_type: 'EXTRACTION_COMPLETED', payload, user_id: USER_ID });
}

/** Events as the API shows them. */
export function eventDocuments({ seed }: CaseContext): Documents {
  const links = corpusLinks(syntheticCorpus(seed, TEXTS), seed);
  return {
    kind: 'events',
    texts: links.map((link, index) => eventJsonOfLink({ sequence: index + 1, link })),
  };
}
