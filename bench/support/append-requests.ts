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

/** The `index`th request of a load: bodies and consultations go round, each at its own length. */
export function appendRequests(ids: readonly string[], bodies: readonly string[]): (index: number) => Buffer {
  const paths = ids.map((id) => `/consultations/${id}/events`);
  const requests = bodies.map((body, index) => postRequest(paths[index % paths.length] as string, body));
  return (index) => requests[index % requests.length] as Buffer;
}
