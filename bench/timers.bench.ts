/**
 * What timing every stage of every append costs, as a share of what an append costs.
 *
 * A difference between a service with timers and one without would drown in noise at less than one percent. So the
 * recordings of an append are timed by themselves, many times over, and held against the processor time that the real
 * service takes for a request, in the same run.
 */
import { join } from 'node:path';
import { createStageTimers, type StageTimers } from '../src/ops/stage-timers.js';
import {
  atMost,
  type CaseContext,
  type CaseOutcome,
  defineBenchmark,
  type Size,
} from './harness/benchmark.js';
import { closedLoop } from './harness/closed-loop.js';
import { median, medianOf, scalarValue } from './harness/measures.js';
import { runAsMain } from './harness/run-as-main.js';
import { cpuSecondsOf, newConsultations, startService } from './harness/service-under-test.js';
import { appendBodies, appendRequests } from './support/append-requests.js';

const CONNECTIONS = 64;
const SHARE_MAX = 0.01;

interface Times {
  warmUp: number;
  round: number;
  rounds: number;
  /** Appends whose recordings are made in one round. */
  appends: number;
}
const TIMES: Readonly<Record<Size, Times>> = {
  smoke: { warmUp: 0.2, round: 0.3, rounds: 2, appends: 10_000 },
  full: { warmUp: 3, round: 2, rounds: 7, appends: 200_000 },
};

/** What is recorded of one append, as src/store and src/http do it: `ingest` and `total` are timed by Fastify anyway. */
function recordAppend(timers: StageTimers, ingestMs: number, totalMs: number): void {
  timers.recordMs('ingest', ingestMs);
  const started = performance.now();
  const decided = performance.now();
  timers.recordMs('segment', decided - started);
  timers.record('hash', decided);
  const committing = performance.now();
  timers.record('persist', committing);
  timers.recordMs('total', totalMs);
}

/**
 * Microseconds of processor time for the recordings of one append: by the clock, whoever else uses the core would count.
 * Durations go round, so that the counts are not all in one place.
 */
function recordingMicroseconds(timers: StageTimers, appends: number): number {
  const before = process.cpuUsage();
  for (let append = 0; append < appends; append += 1) {
    recordAppend(timers, 0.03 + (append % 64) / 1000, 0.5 + (append % 512) / 100);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / appends;
}

async function measure(context: CaseContext): Promise<CaseOutcome[]> {
  const times = TIMES[context.size];
  const service = await startService(join(context.directory, 'data'));
  const ids = await newConsultations(service.url, CONNECTIONS);
  const request = appendRequests(ids, await appendBodies(context.corpus, context.seed));
  const load = { url: service.url, connections: CONNECTIONS, request, status: 201 };
  await closedLoop({ ...load, seconds: times.warmUp });
  const timers = createStageTimers();
  recordingMicroseconds(timers, times.appends);
  const recordings: number[] = [];
  const requests: number[] = [];
  for (let round = 0; round < times.rounds; round += 1) {
    context.progress(round / times.rounds, `round ${round + 1} of ${times.rounds}`);
    recordings.push(recordingMicroseconds(timers, times.appends));
    const before = await cpuSecondsOf(service.pid);
    const { answered } = await closedLoop({ ...load, seconds: times.round });
    const after = await cpuSecondsOf(service.pid);
    if (before !== undefined && after !== undefined) requests.push(((after - before) * 1e6) / answered);
  }
  await service.stop();
  const cost = median(requests);
  const shares = recordings.map((microseconds) => microseconds / cost);
  return [
    {
      name: 'recordings of one append',
      parameters: { connections: CONNECTIONS },
      durability: 'fsync',
      invalid: requests.length === 0 ? ['the processor time of a process is not known here'] : [],
      measures: {
        recordings: medianOf(recordings, 'us', 'lower'),
        ...(requests.length === 0
          ? {}
          : { cpu_per_request: medianOf(requests, 'us', 'lower'), share: medianOf(shares, '', 'lower') }),
      },
    },
  ];
}

export const benchmark = defineBenchmark({
  name: 'timers',
  title: 'Stage timers',
  question: 'What does it cost to time every stage of every append?',
  cases: () => [{ name: 'timers', parameters: {}, timeLimitSeconds: 120 }],
  measure: (_parameters, context) => measure(context),
  summarise: (cases) => {
    const row = cases.find(({ validity }) => validity.status === 'valid');
    const share = row?.measures.share;
    if (row === undefined || share?.kind !== 'scalar') return { findings: [] };
    const value = (name: string): string => scalarValue(row.measures[name])?.toFixed(2) ?? '';
    const percent = (share.value * 100).toFixed(2);
    return {
      derived: { timers_share: share },
      checks: [
        atMost('the recordings of an append, as a share of its processor time', share.value, SHARE_MAX),
      ],
      findings: [
        `Recording five stages takes ${value('recordings')} µs of the ${value('cpu_per_request')} µs of processor time of an append: ${percent} % of it.`,
      ],
    };
  },
});
await runAsMain(import.meta.url, benchmark);
