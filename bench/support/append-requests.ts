/** Appends as a load generator sends them: made beforehand, to several consultations in turn. */
import { postRequest } from '../harness/http-connection.js';
import { consultationsOfFiles, syntheticCorpus } from './corpus.js';

/** Different bodies; enough that no request repeats while its consultation is in a cache line. */
const BODIES = 2000;
/** Who sends what the benchmarks send. */
export const USER_ID = 'dr-bench';

/** Bodies of MESSAGE_RECEIVED with the texts of a corpus, or of synthetic consultations. */
export async function appendBodies(corpus: readonly string[], seed: number): Promise<string[]> {
  const consultations =
    corpus.length > 0 ? await consultationsOfFiles(corpus) : syntheticCorpus(seed, 2 * BODIES);
  const bodies = consultations
    .flat()
    .filter(({ type }) => type === 'MESSAGE_RECEIVED')
    .slice(0, BODIES)
    .map(({ payload }) => JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: USER_ID }));
  if (bodies.length === 0) throw new Error('there are no messages in the corpus');
  return bodies;
}

/** The request that appends an event, or several as a batch. */
export function appendRequest(id: string, bodies: readonly string[]): Buffer {
  const [body = '', ...more] = bodies;
  if (more.length === 0) return postRequest(`/consultations/${id}/events`, body);
  return postRequest(`/consultations/${id}/events/batch`, `[${bodies.join(',')}]`);
}

/**
 * The `index`th request of a load, of so many events: bodies and consultations go round, each at its own
 * length.
 */
export function appendRequests(
  ids: readonly string[],
  bodies: readonly string[],
  events = 1,
): (index: number) => Buffer {
  const requests = bodies.map((_, index) => {
    const chosen = Array.from(
      { length: events },
      (_, place) => bodies[(index + place) % bodies.length] ?? '',
    );
    return appendRequest(ids[index % ids.length] as string, chosen);
  });
  return (index) => requests[index % requests.length] as Buffer;
}
