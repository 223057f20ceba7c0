/**
 * Resident memory by requests in flight, with small and with large bodies, the line through it, and how many requests a
 * container therefore carries.
 *
 * Every count has a service of its own, since a heap that has grown does not shrink; all get the same number of requests.
 * Looked at is the most that the process had (VmRSS in /proc).
 */
import { join } from 'node:path';
import {
  type CaseContext,
  type CaseDefinition,
  type CaseOutcome,
  defineBenchmark,
  type RunOptions,
  type Size,
  SkippedCase,
} from './harness/benchmark.js';
import { postRequest } from './harness/http-connection.js';
import { medianOf, scalar } from './harness/measures.js';
import { runAsMain } from './harness/run-as-main.js';
import { type Memory, memoryOf, newConsultations, startService } from './harness/service-under-test.js';
import { keepInFlight } from './memory/in-flight.js';
import { summarise } from './memory/summarise.js';
import { appendBodies, appendRequests, USER_ID } from './support/append-requests.js';

const IN_FLIGHT = [0, 1, 5, 10, 20, 50, 100];
const CONSULTATIONS = 16;
const BODIES = ['small', 'large'] as const;
type Bodies = (typeof BODIES)[number];
/** Of a large body, mostly one text; a body may have 1 MiB. */
const LARGE_BYTES = 256 * 1024;

interface Sizes {
  inFlight: Readonly<Record<Bodies, readonly number[]>>;
  requests: Readonly<Record<Bodies, number>>;
  rounds: number;
  idleLooks: number;
}
const SIZES: Readonly<Record<Size, Sizes>> = {
  smoke: {
    inFlight: { small: [0, 5, 20], large: [20] },
    requests: { small: 200, large: 20 },
    rounds: 1,
    idleLooks: 5,
  },
  full: {
    inFlight: { small: IN_FLIGHT, large: IN_FLIGHT },
    requests: { small: 10_000, large: 600 },
    rounds: 3,
    idleLooks: 100,
  },
};

async function requestsOf(
  bodies: Bodies,
  ids: readonly string[],
  context: CaseContext,
): Promise<(index: number) => Buffer> {
  if (bodies === 'small') return appendRequests(ids, await appendBodies(context.corpus, context.seed));
  const payload = { message_role: 'user', message_content: 'dolor '.repeat(LARGE_BYTES / 6) };
  const body = JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: USER_ID });
  const requests = ids.map((id) => postRequest(`/consultations/${id}/events`, body));
  return (index) => requests[index % requests.length] as Buffer;
}

/** One service with so many in flight: what it had at most. */
async function once(bodies: Bodies, inFlight: number, directory: string, context: CaseContext) {
  const { requests, idleLooks } = SIZES[context.size];
  const service = await startService(directory);
  const ids = await newConsultations(service.url, CONSULTATIONS);
  const request = await requestsOf(bodies, ids, context);
  const { url, pid } = service;
  const result = await keepInFlight({ url, pid, inFlight, requests: requests[bodies], request, idleLooks });
  await service.stop();
  const most = (part: keyof Memory): number => Math.max(...result.looks.map((look) => look[part]));
  return { ...result, resident: most('resident'), anonymous: most('anonymous') };
}

async function measure(bodies: Bodies, context: CaseContext): Promise<CaseOutcome[]> {
  if ((await memoryOf(process.pid)) === undefined)
    throw new SkippedCase('memory of another process is read from /proc, which is not here');
  const { inFlight, rounds } = SIZES[context.size];
  const counts = inFlight[bodies];
  const results = new Map<number, Awaited<ReturnType<typeof once>>[]>(counts.map((count) => [count, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, inFlight] of (round % 2 === 0 ? counts : counts.toReversed()).entries()) {
      context.progress((round + index / counts.length) / rounds, `${inFlight} in flight`);
      const directory = join(context.directory, `${round}-${inFlight}`);
      results.get(inFlight)?.push(await once(bodies, inFlight, directory, context));
    }
  }
  return [...results].map(([inFlight, all]) => {
    const answered = all.reduce((sum, { stored, refused }) => sum + stored + refused, 0);
    const refused = all.reduce((sum, result) => sum + result.refused, 0);
    const unexpected = all.reduce((sum, result) => sum + result.unexpected, 0);
    const figures = (part: 'resident' | 'anonymous') =>
      medianOf(
        all.map((result) => result[part]),
        'MiB',
        'lower',
      );
    return {
      name: `${bodies} bodies, ${inFlight} in flight`,
      parameters: { bodies, in_flight: inFlight, processes: 1 },
      durability: 'fsync',
      invalid: unexpected === 0 ? [] : [`${unexpected} answers were neither 201 nor 503`],
      measures: {
        resident: figures('resident'),
        anonymous: figures('anonymous'),
        refused_share: scalar(answered === 0 ? 0 : refused / answered, '', 'lower'),
      },
    };
  });
}

function cases({ size }: RunOptions): CaseDefinition[] {
  const timeLimitSeconds = size === 'smoke' ? 60 : 300;
  return BODIES.map((bodies) => ({ name: `${bodies} bodies`, parameters: { bodies }, timeLimitSeconds }));
}

export const benchmark = defineBenchmark({
  name: 'memory',
  title: 'Memory',
  question:
    'How much memory does a request in flight take, and how many therefore fit into a container of 512 MB, 1 GB or 2 GB?',
  cases,
  measure: ({ bodies }, context) => measure(bodies === 'large' ? 'large' : 'small', context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
