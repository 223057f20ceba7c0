/**
 * The service as one process, and as a store with 1, 2, 4 or 8 API workers: how many appends and reads it answers, how
 * fast, and what that takes of processors and memory in all.
 *
 * Every case has processes of its own, since those of others would be in its way. Cases are run twice, the second time in
 * the other order. The client needs a core as well: with as many workers as cores, they and the client share them. So
 * the processor time of each side is measured too, and what larger machines would do is modelled from it
 * (workers/model.ts).
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  type CaseContext,
  type CaseDefinition,
  type CaseOutcome,
  defineBenchmark,
  type RunOptions,
  type Size,
} from './harness/benchmark.js';
import { type ClosedLoopResult, closedLoop } from './harness/closed-loop.js';
import { getRequest } from './harness/http-connection.js';
import { latency, medianOf, scalar } from './harness/measures.js';
import type { Measure } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { newConsultations } from './harness/service-under-test.js';
import { appendBodies, appendRequests } from './support/append-requests.js';
import { groupName } from './workers/groups.js';
import { ONE_PROCESS } from './workers/model.js';
import { memory, type ProcessGroup, startGroup } from './workers/process-group.js';
import { processorMeasures, processorTimes } from './workers/processor-time.js';
import { summarise } from './workers/summarise.js';

const WORKERS = [ONE_PROCESS, 1, 2, 4, 8];
const CONNECTIONS = 64;

interface Times {
  workers: readonly number[];
  warmUp: number;
  round: number;
  rounds: number;
  runs: readonly number[];
}
const TIMES: Readonly<Record<Size, Times>> = {
  smoke: { workers: [ONE_PROCESS, 2], warmUp: 0.1, round: 0.2, rounds: 1, runs: [1] },
  full: { workers: WORKERS, warmUp: 1.5, round: 2.5, rounds: 2, runs: [1, 2] },
};

/** What is asked for, and the status of its answer. */
interface Work {
  kind: 'appends' | 'reads';
  status: number;
  request: (index: number) => Buffer;
}

async function measure(workers: number, run: number, context: CaseContext): Promise<CaseOutcome[]> {
  const group = await startGroup(join(context.directory, 'data'), workers);
  const ids = await newConsultations(group.url, CONNECTIONS);
  const states = ids.map((id) => getRequest(`/consultations/${id}`));
  const works: Work[] = [
    { kind: 'reads', status: 200, request: (index) => states[index % states.length] as Buffer },
    {
      kind: 'appends',
      status: 201,
      request: appendRequests(ids, await appendBodies(context.corpus, context.seed)),
    },
  ];
  const outcomes: CaseOutcome[] = [];
  for (const work of works) {
    context.progress(outcomes.length / works.length, work.kind);
    const { measures, invalid } = await load(group, work, TIMES[context.size]);
    outcomes.push({
      name: `${work.kind}, ${groupName(workers)}, run ${run}`,
      parameters: { work: work.kind, workers, processes: workers === ONE_PROCESS ? 1 : workers + 1, run },
      // What a read answers was durable before, and nothing is answered for now.
      durability: work.kind === 'appends' ? 'fsync' : 'memory',
      invalid,
      measures,
    });
  }
  await group.stop();
  return outcomes;
}

async function load(group: ProcessGroup, { status, request }: Work, times: Times) {
  const common = { url: group.url, connections: CONNECTIONS, request, status };
  await closedLoop({ ...common, seconds: times.warmUp });
  const before = await processorTimes(group);
  const results: ClosedLoopResult[] = [];
  for (let round = 0; round < times.rounds; round += 1) {
    results.push(await closedLoop({ ...common, seconds: times.round }));
  }
  const after = await processorTimes(group);
  const { resident, shared } = await memory(group);
  const [first, ...rest] = results.map((result) => result.latency);
  for (const histogram of rest) first?.add(histogram);
  const seconds = total(results.map((result) => result.seconds));
  const answered = total(results.map((result) => result.answered));
  const generatorSeconds = total(results.map((result) => result.generatorCpuShare * result.seconds));
  const measures: Record<string, Measure> = {
    throughput: medianOf(
      results.map(({ perSecond }) => perSecond),
      'requests/s',
      'higher',
    ),
    ...(first && { latency: latency(first) }),
    ...(before && after && processorMeasures(before, after, { seconds, answered })),
    ...(resident !== undefined && { resident: scalar(resident, 'MiB', 'lower') }),
    ...(shared !== undefined && { resident_shared_once: scalar(shared, 'MiB', 'lower') }),
    generator_cpu: scalar(Math.max(...results.map(({ generatorCpuShare }) => generatorCpuShare)), 'cores'),
    generator_us: scalar((generatorSeconds * 1e6) / answered, 'us'),
    cores: scalar(availableParallelism(), 'cores'),
  };
  return { measures, invalid: [...new Set(results.flatMap(({ invalid }) => invalid))] };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function cases({ size }: RunOptions): CaseDefinition[] {
  const { workers, runs } = TIMES[size];
  return runs.flatMap((run) =>
    (run === 1 ? workers : workers.toReversed()).map((count) => ({
      name: `${groupName(count)}, run ${run}`,
      parameters: { workers: count, run },
      timeLimitSeconds: 90,
    })),
  );
}

export const benchmark = defineBenchmark({
  name: 'workers',
  title: 'Processes',
  question:
    'What do 1, 2, 4 and 8 API workers beside a store answer and take, compared with one process that does everything, and how many should a larger machine have?',
  cases,
  measure: ({ workers, run }, context) => measure(Number(workers), Number(run), context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
