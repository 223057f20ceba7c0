/**
 * Ten times as many requests as the service can take: what it takes of them, how long that lasts, what it refuses,
 * and how soon it is itself again.
 *
 * The maximum is found first, in the same run, by a closed loop; then the flood; then the closed loop again. The
 * claims are ratios within the run, since client and service share the machine.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  atLeast,
  atMost,
  type CaseContext,
  type CaseOutcome,
  defineBenchmark,
  type RunOptions,
  type Size,
} from './harness/benchmark.js';
import { closedLoop } from './harness/closed-loop.js';
import {
  latency,
  median,
  medianOf,
  newHistogram,
  recordMs,
  scalar,
  scalarValue,
} from './harness/measures.js';
import { type CaseResult, type Chart, type Check, honest } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { cpuSecondsOf, memoryOf, newConsultations, startService } from './harness/service-under-test.js';
import { makeBursts } from './overload/bursts.js';
import { type FloodResult, flood } from './overload/flood.js';
import { appendBodies, appendRequests } from './support/append-requests.js';

const CLOSED_CONNECTIONS = 64;
const CONSULTATIONS = 64;
const CRITICAL_SHARE = 0.05;
/**
 * Events in a request. Client and service share the machine: of single events the client can send no ten times what
 * the service takes and leave it its core. A batch costs the service as much and the client little.
 */
const EVENTS = [1, 25] as const;
/** The service's default of FI_QUEUE_MS, and what a critical request may wait. */
const ROUTINE_MS_MAX = 2000;
const CRITICAL_MS_MAX = 4 * ROUTINE_MS_MAX;
/** Of the maximum. */
const ACCEPTED_SHARE_MIN = 0.8;
const RESIDENT_MIB_MAX = 500;
const RECOVERY_SECONDS_MAX = 3;
const PROBE_MS = 250;

interface Times {
  warmUp: number;
  rounds: number;
  roundSeconds: number;
}
const TIMES: Readonly<Record<Size, Times>> = {
  smoke: { warmUp: 0.3, rounds: 2, roundSeconds: 0.3 },
  full: { warmUp: 3, rounds: 10, roundSeconds: 1 },
};
const SMOKE_SECONDS = 1.5;

/** What others see of the service meanwhile. */
class Probe {
  readonly health = newHistogram();
  residentMib = 0;
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly pid: number,
  ) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const startedMs = performance.now();
      const { status } = await fetch(`${this.url}/health/live`);
      if (status !== 200) throw new Error(`GET /health/live: ${status}`);
      recordMs(this.health, performance.now() - startedMs);
      this.residentMib = Math.max(this.residentMib, (await memoryOf(this.pid))?.resident ?? 0);
      await delay(PROBE_MS);
    }
  }
}

async function measure(events: number, context: CaseContext): Promise<CaseOutcome[]> {
  const times = TIMES[context.size];
  const { factor, connections, burst, seconds: wanted } = numbersOf(context);
  const seconds = context.size === 'smoke' ? SMOKE_SECONDS : wanted;
  const service = await startService(join(context.directory, 'data'));
  const ids = await newConsultations(service.url, CONSULTATIONS);
  const bodies = await appendBodies(context.corpus, context.seed);
  const size = Math.max(1, Math.round(burst / events));
  const options = { seed: context.seed, size, criticalShare: CRITICAL_SHARE, events };
  const bursts = makeBursts(ids, bodies, options);
  const closed = { url: service.url, connections: CLOSED_CONNECTIONS, status: 201 };
  const load = { ...closed, request: appendRequests(ids, bodies, events) };
  const rounds = async (step: string): Promise<number[]> => {
    const rates: number[] = [];
    for (let round = 0; round < times.rounds; round += 1) {
      context.progress(0, step);
      rates.push((await closedLoop({ ...load, seconds: times.roundSeconds })).perSecond);
    }
    return rates;
  };
  await closedLoop({ ...load, seconds: times.warmUp });
  const before = await rounds('maximum');
  const ratePerSecond = Math.round(median(before) * factor);
  const probe = new Probe(service.url, service.pid);
  const cpuBefore = (await cpuSecondsOf(service.pid)) ?? 0;
  const onProgress = (share: number): void => context.progress(share, `${ratePerSecond} requests/s`);
  const result = await flood({ url: service.url, connections, seconds, ratePerSecond, bursts, onProgress });
  const cpu = ((await cpuSecondsOf(service.pid)) ?? 0) - cpuBefore;
  const [after] = await Promise.all([rounds('recovery'), probe.stop()]);
  await service.stop();
  return [
    outcomeOf(result, { before, after, ratePerSecond, cpu, probe, factor, connections, burst: size, events }),
  ];
}

interface Around {
  before: number[];
  after: number[];
  ratePerSecond: number;
  cpu: number;
  probe: Probe;
  factor: number;
  connections: number;
  burst: number;
  events: number;
}

function outcomeOf(result: FloodResult, around: Around): CaseOutcome {
  const { before, after, ratePerSecond, cpu, probe, factor, connections, burst, events } = around;
  const { critical, routine, seconds, sent, unsent, unanswered, failed } = result;
  const accepted = critical.accepted + routine.accepted;
  const maximum = median(before);
  const recovered = after.findIndex((rate) => rate >= ACCEPTED_SHARE_MIN * maximum);
  return {
    name: `flood of ${eventsText(events)} at ${factor} times the maximum`,
    parameters: { factor, events, connections, burst, critical_share: CRITICAL_SHARE },
    durability: 'fsync',
    invalid: failed + unanswered === 0 ? [] : [`${failed} requests failed, ${unanswered} were not answered`],
    measures: {
      maximum: medianOf(before, 'requests/s', 'higher'),
      due: scalar(ratePerSecond, 'requests/s'),
      offered: scalar(sent / seconds, 'requests/s'),
      unsent: scalar(unsent, 'requests'),
      accepted: { ...scalar(accepted / seconds, 'requests/s', 'higher'), rounds: result.acceptedBySecond },
      refused: {
        ...scalar((critical.refused + routine.refused) / seconds, 'requests/s'),
        rounds: result.refusedBySecond,
      },
      accepted_share_of_maximum: scalar(accepted / seconds / maximum, '', 'higher'),
      critical_accepted: scalar(critical.accepted, 'requests'),
      critical_refused: scalar(critical.refused, 'requests', 'lower'),
      unjust_tenths: scalar(result.unjustTenths, 'tenths of a second', 'lower'),
      accepted_routine: latency(routine.fromSent, routine.fromDue),
      accepted_critical: latency(critical.fromSent, critical.fromDue),
      health: latency(probe.health),
      cpu: scalar(cpu / seconds, 'cores'),
      resident_peak: scalar(probe.residentMib, 'MiB', 'lower'),
      recovery: { ...scalar(recovered === -1 ? after.length : recovered, 's', 'lower'), rounds: after },
    },
  };
}

function numbersOf({ own }: RunOptions): {
  factor: number;
  connections: number;
  burst: number;
  seconds: number;
} {
  const { factor, connections, burst, seconds } = own;
  return {
    factor: Number(factor),
    connections: Number(connections),
    burst: Number(burst),
    seconds: Number(seconds),
  };
}

const eventsText = (events: number): string => (events === 1 ? 'single events' : `batches of ${events}`);

/** The 99th percentile from when a request was due, in milliseconds. */
function p99Ms(row: CaseResult | undefined, name: string): number | undefined {
  const measure = row?.measures[name];
  const p99 = measure?.kind === 'latency' ? honest(measure).p99 : null;
  return p99 === null ? undefined : p99 / 1000;
}

function checksOf(row: CaseResult): Check[] {
  const value = (name: string): number | undefined => scalarValue(row.measures[name]);
  return [
    atLeast(`${row.name}: accepted, of the maximum`, value('accepted_share_of_maximum'), ACCEPTED_SHARE_MIN),
    atMost(
      `${row.name}: p99 of accepted routine requests`,
      p99Ms(row, 'accepted_routine'),
      ROUTINE_MS_MAX,
      'ms',
    ),
    atMost(
      `${row.name}: p99 of accepted critical requests`,
      p99Ms(row, 'accepted_critical'),
      CRITICAL_MS_MAX,
      'ms',
    ),
    atMost(
      `${row.name}: tenths of a second in which a critical request was refused and a routine one accepted`,
      value('unjust_tenths'),
      0,
    ),
    atMost(`${row.name}: resident memory at its peak`, value('resident_peak'), RESIDENT_MIB_MAX, 'MiB'),
    atMost(
      `${row.name}: seconds from its end to 80 % of the maximum`,
      value('recovery'),
      RECOVERY_SECONDS_MAX,
      's',
    ),
  ];
}

function findingsOf(row: CaseResult): string[] {
  const value = (name: string): number => scalarValue(row.measures[name]) ?? Number.NaN;
  const rate = (name: string): string => Math.round(value(name)).toLocaleString('en-US');
  const share = (value('offered') / value('maximum')).toFixed(1);
  return [
    `${row.name}: of ${rate('offered')} requests/s, ${share} times the ${rate('maximum')}/s of a closed loop, ${rate('accepted')}/s were accepted (${value('accepted_share_of_maximum').toFixed(2)} of the maximum) and ${rate('refused')}/s refused; ${rate('unsent')} that were due could not be sent.`,
    `${row.name}: of the critical requests ${rate('critical_accepted')} were accepted and ${rate('critical_refused')} refused.`,
  ];
}

function chartOf(row: CaseResult): Chart {
  const roundsOf = (name: string): number[] => {
    const measure = row.measures[name];
    return measure?.kind === 'scalar' ? measure.rounds : [];
  };
  const seriesOf = (name: string, rates: readonly number[], firstSecond: number) => {
    return { name, points: rates.map((y, index) => ({ x: firstSecond + index, y })) };
  };
  const [before, accepted, after] = [roundsOf('maximum'), roundsOf('accepted'), roundsOf('recovery')];
  return {
    title: `Requests accepted in each second before, during and after: ${row.name}`,
    kind: 'line',
    x: { label: 'time, from the beginning of the flood', unit: 's', scale: 'linear' },
    y: { label: 'accepted', unit: 'requests/s', scale: 'linear' },
    series: [
      seriesOf('closed loop before', before, -before.length),
      seriesOf('flood (fsync)', accepted, 0),
      seriesOf('closed loop after', after, accepted.length),
    ],
  };
}

export const benchmark = defineBenchmark({
  name: 'overload',
  title: 'Overload',
  question: 'What does the service take, refuse and answer when ten times as much comes as it can do?',
  options: [
    { flags: '--seconds <number>', description: 'how long the flood lasts', default: 60 },
    { flags: '--factor <number>', description: 'how many times the maximum is sent', default: 10 },
    { flags: '--connections <number>', description: 'connections of the flood', default: 16 },
    { flags: '--burst <number>', description: 'requests that a connection sends at a time', default: 32 },
  ],
  cases: () =>
    EVENTS.map((events) => ({ name: eventsText(events), parameters: { events }, timeLimitSeconds: 300 })),
  measure: ({ events }, context) => measure(Number(events), context),
  summarise: (cases) => {
    const rows = cases.filter(({ validity }) => validity.status === 'valid');
    return {
      checks: rows.flatMap(checksOf),
      findings: rows.flatMap(findingsOf),
      charts: rows.map(chartOf),
    };
  },
});
await runAsMain(import.meta.url, benchmark);
