/**
 * What goes on in the background while events are appended: sealing, which compresses and reads back, and verifying.
 *
 * Two services on copies of one directory, both up at once, are sent appends at a fixed rate in turn (ABCD, DCBA): the quiet
 * one with nothing else to do, one that seals all the time, and the quiet one again while `fi-consult verify` runs over and
 * over beside it, and while programs that do nothing keep the processors busy, which shows what of it is the machine's. The
 * figures to quote are ratios to the quiet rounds, round by round, so that what else the machine does falls on all of them.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadedService, type ServiceOnDirectory } from './background/loaded-service.js';
import { SERVICE_NAMES, summarise } from './background/summarise.js';
import { type CaseContext, type CaseOutcome, defineBenchmark, type Size } from './harness/benchmark.js';
import { closedLoop } from './harness/closed-loop.js';
import { runAsMain } from './harness/run-as-main.js';
import { newConsultations, startService } from './harness/service-under-test.js';
import { appendBodies, appendRequests } from './support/append-requests.js';
import { settled } from './support/settled.js';

const CONNECTIONS = 16;
/** Events in a request that fills the directory. */
const BATCH_EVENTS = 25;
/** Segments that are there beforehand have so many times the events of those that are sealed meanwhile. */
const FILLED_SEGMENTS = 10;
/** So large that nothing is full while this runs. */
const NEVER_FULL = 16_777_216;

interface Times {
  /** The directory that both have copies of is filled for so long. */
  fill: number;
  warmUp: number;
  round: number;
  rounds: number;
  /** Both are those of the command when full. */
  smaller?: { rate: number; segmentEvents: number };
}
const TIMES: Readonly<Record<Size, Times>> = {
  smoke: { fill: 0.05, warmUp: 0.2, round: 0.3, rounds: 1, smaller: { rate: 400, segmentEvents: 60 } },
  full: { fill: 2, warmUp: 3, round: 3, rounds: 12 },
};

async function measure(context: CaseContext): Promise<CaseOutcome[]> {
  const { fill, warmUp, round, rounds, smaller } = TIMES[context.size];
  const rate = smaller?.rate ?? Number(context.own.rate);
  const segmentEvents = smaller?.segmentEvents ?? Number(context.own.segmentEvents);
  const bodies = await appendBodies(context.corpus, context.seed);
  const filled = join(context.directory, 'filled');
  context.progress(0, 'filling');
  const ids = await fillDirectory(filled, segmentEvents, bodies, fill);
  const request = appendRequests(ids, bodies);
  const load = { connections: CONNECTIONS, request, status: 201, ratePerSecond: rate };
  const startOn = async (name: string, events: number): Promise<ServiceOnDirectory> => {
    const dataDir = join(context.directory, name);
    await cp(filled, dataDir, { recursive: true });
    const service = await startService(dataDir, { FI_SEGMENT_EVENTS: String(events) });
    await settled(dataDir);
    return { service, dataDir };
  };
  const [quiet, sealing] = await Promise.all([
    startOn('quiet', NEVER_FULL),
    startOn('sealing', segmentEvents),
  ]);
  const services = [
    new LoadedService('nothing', quiet, load),
    new LoadedService('sealing', sealing, load),
    new LoadedService('verifying', quiet, load),
    new LoadedService('busy', quiet, load),
  ];
  // The service that is verified is the quiet one, and warm with it.
  for (const service of services.slice(0, 2)) {
    context.progress(0, 'warming up');
    await service.run(warmUp);
    service.forget();
  }
  for (let turn = 0; turn < rounds; turn += 1) {
    context.progress(turn / rounds, `round ${turn + 1} of ${rounds}`);
    for (const service of turn % 2 === 0 ? services : services.toReversed()) await service.run(round);
  }
  await Promise.all([quiet.service.stop(), sealing.service.stop()]);
  return services.map((service) => ({
    name: SERVICE_NAMES[service.background],
    parameters: {
      background: service.background,
      rate,
      connections: CONNECTIONS,
      segment_events: service.background === 'sealing' ? segmentEvents : NEVER_FULL,
    },
    durability: 'fsync',
    invalid: service.invalid,
    measures: service.measures(),
  }));
}

/** A store with sealed segments, and the ids of its consultations. */
async function fillDirectory(
  dataDir: string,
  segmentEvents: number,
  bodies: readonly string[],
  seconds: number,
): Promise<string[]> {
  const service = await startService(dataDir, { FI_SEGMENT_EVENTS: String(FILLED_SEGMENTS * segmentEvents) });
  const ids = await newConsultations(service.url, CONNECTIONS);
  const request = appendRequests(ids, bodies, BATCH_EVENTS);
  await closedLoop({ url: service.url, connections: CONNECTIONS, request, status: 201, seconds });
  await settled(dataDir);
  await service.stop();
  return ids;
}

export const benchmark = defineBenchmark({
  name: 'background',
  title: 'In the background',
  question:
    'What do sealing, compressing and verifying cost those who append meanwhile, and how many threads do they take?',
  options: [
    { flags: '--rate <number>', description: 'appends a second', default: 300 },
    {
      flags: '--segment-events <number>',
      description: 'events of a segment, of the service that seals',
      default: 250,
    },
  ],
  cases: () => [{ name: 'in turn', parameters: {}, timeLimitSeconds: 300 }],
  measure: (_parameters, context) => measure(context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
