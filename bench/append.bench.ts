/**
 * Durable appends over HTTP: how many, how long each takes and in which stage, beside a route that stores nothing.
 *
 * Service and ceiling are asked in turn (ABBA), by the same client with the same requests, so that what else the
 * machine does falls on both; the figure to quote is the ratio of their rates, round by round. Latency is taken at
 * fixed rates, from when a request was due.
 */
import { join } from 'node:path';
import { type CaseContext, type CaseOutcome, defineBenchmark, type Size } from './harness/benchmark.js';
import { closedLoop } from './harness/closed-loop.js';
import { latency, medianOf, scalar, scalarValue } from './harness/measures.js';
import { allRounds, type OpenLoopResult, openLoop } from './harness/open-loop.js';
import { type CaseResult, honest, type Measure } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import {
  cpuSecondsOf,
  memoryOf,
  newConsultations,
  stageFigures,
  stageMeasures,
  startService,
} from './harness/service-under-test.js';
import { appendBodies, appendRequests } from './support/append-requests.js';
import { startProcess } from './support/bench-process.js';
import { Rounds } from './support/rounds.js';
import { settled } from './support/settled.js';

const CEILING = new URL('./support/ceiling-server.js', import.meta.url);
const CONNECTIONS = [16, 64];
const OPEN_CONNECTIONS = 64;
/** The rate of the profiling plan. */
const PLAN_RATE = 100;

interface Times {
  warmUp: number;
  round: number;
  rounds: number;
  /** To find the maximum, of which the open loop takes half. */
  maximum: number;
  /** All rounds together. */
  open: number;
  /** In which the maximum is found anew. */
  openRounds: number;
}
const TIMES: Readonly<Record<Size, Times>> = {
  smoke: { warmUp: 0.2, round: 0.2, rounds: 2, maximum: 0.2, open: 1, openRounds: 2 },
  full: { warmUp: 3, round: 4, rounds: 6, maximum: 2, open: 30, openRounds: 6 },
};

async function closed(connections: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { warmUp, round, rounds } = TIMES[context.size];
  const ceilingServer = await startProcess(CEILING, []);
  const serviceServer = await startService(join(context.directory, 'data'));
  const ids = await newConsultations(serviceServer.url, connections);
  const load = {
    connections,
    request: appendRequests(ids, await appendBodies(context.corpus, context.seed)),
  };
  const [service, ceiling] = [new Rounds(serviceServer, load), new Rounds(ceilingServer, load)];
  for (const server of [service, ceiling]) {
    await server.run(warmUp);
    server.forget();
  }
  for (let turn = 0; turn < rounds; turn += 1) {
    context.progress(turn / rounds, `round ${turn + 1} of ${rounds}`);
    for (const server of turn % 2 === 0 ? [service, ceiling] : [ceiling, service]) await server.run(round);
  }
  await Promise.all([serviceServer.stop(), ceilingServer.stop()]);
  const parameters = { loop: 'closed', connections };
  const row = (
    server: string,
    { invalid }: Rounds,
    measures: Record<string, Measure>,
    durability: 'fsync' | 'memory',
  ) => {
    return {
      name: `${server}, closed loop, ${connections} connections`,
      parameters: { server, ...parameters },
      durability,
      invalid,
      measures,
    };
  };
  return [
    row('service', service, service.measures(), 'fsync'),
    row('ceiling', ceiling, ceiling.measures(), 'memory'),
  ];
}

/**
 * At a fixed rate; `rate` 0 stands for half of the maximum. What that is changes with the machine, so a closed loop on a
 * service of its own finds it anew right before each round.
 */
async function open(rate: number, context: CaseContext): Promise<CaseOutcome[]> {
  const times = TIMES[context.size];
  const load = await startLoaded('data', context);
  const maximum = rate === 0 ? await startLoaded('maximum', context) : undefined;
  const nextRate = async (seconds: number): Promise<number> => {
    if (maximum === undefined) return rate;
    const { perSecond } = await closedLoop({ ...maximum, seconds });
    // What it brought must not be sealed beside the round.
    await settled(maximum.dataDir);
    return Math.round(perSecond / 2);
  };
  await openLoop({ ...load, ratePerSecond: await nextRate(times.warmUp), seconds: times.warmUp });
  const { url, pid } = load.service;
  const [stagesBefore, cpuBefore] = [await stageFigures(url), await cpuSecondsOf(pid)];
  const rounds = maximum === undefined ? 1 : times.openRounds;
  const rates: number[] = [];
  const results: OpenLoopResult[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ratePerSecond = await nextRate(times.maximum);
    const onProgress = (share: number): void =>
      context.progress((round + share) / rounds, `${ratePerSecond} requests/s`);
    rates.push(ratePerSecond);
    results.push(await openLoop({ ...load, ratePerSecond, seconds: times.open / rounds, onProgress }));
  }
  const [stagesAfter, cpuAfter] = [await stageFigures(url), await cpuSecondsOf(pid)];
  const memory = await memoryOf(pid);
  await Promise.all([load.service.stop(), maximum?.service.stop()]);
  const ratePerSecond = rates.reduce((sum, one) => sum + one, 0) / rounds;
  const { due, answered, unexpected, seconds, ...all } = allRounds({ ...load, ratePerSecond }, results);
  const measures: Record<string, Measure> = {
    rate: medianOf(rates, 'requests/s', 'higher'),
    latency: latency(all.uncorrected, all.corrected),
    error_share: scalar((unexpected + due - answered) / due, '', 'lower'),
    generator_lateness: latency(all.lateness),
    ...(cpuBefore === undefined || cpuAfter === undefined
      ? {}
      : { cpu: scalar((cpuAfter - cpuBefore) / seconds, 'cores', 'lower') }),
    ...(memory === undefined ? {} : { resident: scalar(memory.resident, 'MiB', 'lower') }),
    ...stageMeasures(stagesBefore, stagesAfter),
  };
  const what = rate === 0 ? 'half the maximum' : `${rate} requests/s`;
  const parameters = { server: 'service', loop: 'open', rate: what, connections: OPEN_CONNECTIONS };
  return [{ name: `service, ${what}`, parameters, durability: 'fsync', invalid: all.invalid, measures }];
}

/** A service on a directory of its own, and the load that it is given. */
async function startLoaded(directory: string, { directory: parent, corpus, seed }: CaseContext) {
  const dataDir = join(parent, directory);
  const service = await startService(dataDir);
  const ids = await newConsultations(service.url, OPEN_CONNECTIONS);
  const request = appendRequests(ids, await appendBodies(corpus, seed));
  return { service, dataDir, url: service.url, connections: OPEN_CONNECTIONS, request, status: 201 };
}

function summarise(cases: readonly CaseResult[]) {
  const valid = cases.filter(({ validity }) => validity.status === 'valid');
  const find = (server: string, connections: number) =>
    valid.find(
      ({ parameters }) =>
        parameters.loop === 'closed' &&
        parameters.server === server &&
        parameters.connections === connections,
    );
  const ratios = CONNECTIONS.flatMap((connections) => {
    const [service, ceiling] = [find('service', connections), find('ceiling', connections)].map(
      (row) => row?.measures.throughput,
    );
    if (service?.kind !== 'scalar' || ceiling?.kind !== 'scalar') return [];
    const rounds = service.rounds.map((rate, index) => rate / (ceiling.rounds[index] ?? Number.NaN));
    return [
      { connections, service: service.value, ceiling: ceiling.value, ratio: medianOf(rounds, '', 'higher') },
    ];
  });
  const opened = valid.filter(({ parameters }) => parameters.loop === 'open');
  return {
    derived: Object.fromEntries(
      ratios.map(({ connections, ratio }) => [`ratio_to_ceiling_${connections}`, ratio]),
    ),
    findings: [
      ...ratios.map(({ connections, service, ceiling, ratio }) => {
        const [least, most] = [Math.min(...ratio.rounds), Math.max(...ratio.rounds)];
        return `At ${connections} connections: ${service.toFixed(0)} durable appends/s, beside ${ceiling.toFixed(0)} requests/s of a route that stores nothing: ${ratio.value.toFixed(2)} of it (${least.toFixed(2)} to ${most.toFixed(2)} by round).`;
      }),
      ...opened.map(openFinding),
    ],
    charts: [stageChart(opened), rateChart(ratios)],
  };
}

function openFinding({ name, measures }: CaseResult): string {
  const { latency: times, cpu } = measures;
  if (times?.kind !== 'latency') return `${name}: no latency.`;
  const text = (value: number | null): string =>
    value === null ? 'too few samples' : `${(value / 1000).toFixed(2)} ms`;
  const { p50, p95, p99, p99_9 } = honest(times);
  const rate = scalarValue(measures.rate)?.toFixed(0);
  const cores = scalarValue(cpu)?.toFixed(2) ?? 'unknown';
  return `${name} (${rate}/s): p50 ${text(p50)}, p95 ${text(p95)}, p99 ${text(p99)}, p99.9 ${text(p99_9)} from when each was due, with ${cores} cores.`;
}

function stageChart(opened: readonly CaseResult[]) {
  const stages = ['ingest', 'segment', 'hash', 'persist', 'total'];
  return {
    title: 'Mean time of each stage, as the service times itself',
    kind: 'bar' as const,
    x: { label: 'stage', unit: '', scale: 'linear' as const },
    y: { label: 'time', unit: 'µs', scale: 'log' as const },
    series: opened.map(({ name, measures }) => ({
      name: `${name} (fsync)`,
      points: stages.map((x) => ({ x, y: scalarValue(measures[`stage_${x}_mean`]) ?? 0 })),
    })),
  };
}

function rateChart(ratios: readonly { connections: number; ratio: { value: number; rounds: number[] } }[]) {
  return {
    title: 'Durable appends, as a share of requests to a route that stores nothing',
    kind: 'bar' as const,
    x: { label: 'connections', unit: '', scale: 'linear' as const },
    y: { label: 'ratio of rates', unit: '', scale: 'linear' as const },
    series: [
      {
        name: 'service (fsync) over ceiling (memory)',
        points: ratios.map(({ connections, ratio }) => {
          return {
            x: String(connections),
            y: ratio.value,
            low: Math.min(...ratio.rounds),
            high: Math.max(...ratio.rounds),
          };
        }),
      },
    ],
  };
}

export const benchmark = defineBenchmark({
  name: 'append',
  title: 'Appends',
  question:
    'How many durable appends does the service take, how long does each last, and what does keeping them cost?',
  cases: ({ size }) => {
    const connectionCounts = size === 'smoke' ? CONNECTIONS.slice(0, 1) : CONNECTIONS;
    const rates = size === 'smoke' ? [PLAN_RATE] : [PLAN_RATE, 0];
    return [
      ...connectionCounts.map((connections) => {
        const name = `closed loop, ${connections} connections`;
        return { name, parameters: { loop: 'closed', connections }, timeLimitSeconds: 180 };
      }),
      ...rates.map((rate) => {
        const name = rate === 0 ? 'open loop at half the maximum' : `open loop at ${rate}/s`;
        return { name, parameters: { loop: 'open', rate }, timeLimitSeconds: 180 };
      }),
    ];
  },
  measure: ({ loop, connections, rate }, context) =>
    loop === 'closed' ? closed(Number(connections), context) : open(Number(rate), context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
