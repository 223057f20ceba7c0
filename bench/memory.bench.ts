/**
 * Resident memory by requests in flight, with small and with large bodies, of one process and of several, the line
 * through it, and how many requests a container therefore carries.
 *
 * Every count has a service of its own, since a heap that has grown does not shrink; all get the same number of requests.
 * Looked at is the most that its processes had, from /proc: their anonymous memory, and pages of files once, for they
 * have the same ones.
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
import { memoryOf, newConsultations } from './harness/service-under-test.js';
import { keepInFlight, type Look } from './memory/in-flight.js';
import { SETUPS, type Setup, setupOf } from './memory/setups.js';
import { summarise } from './memory/summarise.js';
import { appendBodies, appendRequests, USER_ID } from './support/append-requests.js';
import { pidsOf, startGroup } from './workers/process-group.js';

const IN_FLIGHT = [0, 1, 5, 10, 20, 50, 100];
const CONSULTATIONS = 16;
/** Of a large body, mostly one text; a body may have 1 MiB. */
const LARGE_BYTES = 256 * 1024;

interface Sizes {
  /** By the id of the setup. */
  inFlight: Readonly<Record<string, readonly number[]>>;
  requests: Readonly<Record<Setup['bodies'], number>>;
  rounds: number;
  idleLooks: number;
}
const SIZES: Readonly<Record<Size, Sizes>> = {
  smoke: {
    inFlight: { small: [0, 5, 20], large: [20], small_workers: [5] },
    requests: { small: 200, large: 20 },
    rounds: 1,
    idleLooks: 5,
  },
  full: {
    inFlight: { small: IN_FLIGHT, large: IN_FLIGHT, small_workers: [0, 10, 100] },
    requests: { small: 10_000, large: 600 },
    rounds: 3,
    idleLooks: 100,
  },
};

async function requestsOf(
  bodies: Setup['bodies'],
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
async function once(setup: Setup, inFlight: number, directory: string, context: CaseContext) {
  const { requests, idleLooks } = SIZES[context.size];
  const service = await startGroup(directory, setup.workers);
  const ids = await newConsultations(service.url, CONSULTATIONS);
  const request = await requestsOf(setup.bodies, ids, context);
  const { url } = service;
  const pids = pidsOf(service);
  const count = requests[setup.bodies];
  const result = await keepInFlight({ url, pids, inFlight, requests: count, request, idleLooks });
  await service.stop();
  const most = (of: (look: Look) => number): number => Math.max(...result.looks.map(of));
  return { ...result, resident: most((look) => look.resident), anonymous: most((look) => look.anonymous) };
}

async function measure(setup: Setup, context: CaseContext): Promise<CaseOutcome[]> {
  if ((await memoryOf(process.pid)) === undefined)
    throw new SkippedCase('memory of another process is read from /proc, which is not here');
  const { inFlight, rounds } = SIZES[context.size];
  const counts = inFlight[setup.id] ?? [];
  const results = new Map<number, Awaited<ReturnType<typeof once>>[]>(counts.map((count) => [count, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, inFlight] of (round % 2 === 0 ? counts : counts.toReversed()).entries()) {
      context.progress((round + index / counts.length) / rounds, `${inFlight} in flight`);
      const directory = join(context.directory, `${round}-${inFlight}`);
      results.get(inFlight)?.push(await once(setup, inFlight, directory, context));
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
      name: `${setup.label}, ${inFlight} in flight`,
      parameters: { setup: setup.id, in_flight: inFlight },
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
  return SETUPS.map(({ id, label }) => ({ name: label, parameters: { setup: id }, timeLimitSeconds }));
}

export const benchmark = defineBenchmark({
  name: 'memory',
  title: 'Memory',
  question:
    'How much memory does a request in flight take, and how many therefore fit into a container of 512 MB, 1 GB or 2 GB?',
  cases,
  measure: ({ setup }, context) => measure(setupOf(setup), context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
