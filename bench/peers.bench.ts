/**
 * The same append on other stores: one Fastify route, one set of schemas, one client, and an answer only after what was
 * appended is on stable storage.
 *
 * All servers run at once and are loaded in turn, forward and backward, so that what else the machine does falls on all
 * of them. Whether each really syncs before it answers is counted from the outside, with strace.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaseContext, type CaseOutcome, defineBenchmark, type Size } from './harness/benchmark.js';
import { scalar } from './harness/measures.js';
import { runAsMain } from './harness/run-as-main.js';
import { newConsultations, startService } from './harness/service-under-test.js';
import { countSyncs } from './peers/count-syncs.js';
import { canBeLoaded, PEERS, SERVICE } from './peers/peers.js';
import { summarise } from './peers/summarise.js';
import { appendBodies, appendRequests } from './support/append-requests.js';
import { type BenchProcess, startProcess } from './support/bench-process.js';
import { Rounds } from './support/rounds.js';

const PEER_SERVER = new URL('./peers/peer-server.js', import.meta.url);
const SERVICE_PROGRAM = fileURLToPath(new URL('../src/cli/fi-consult.js', import.meta.url));
const CONNECTIONS = [16, 64];

interface Times {
  warmUp: number;
  round: number;
  rounds: number;
  /** Appends under strace. */
  traced: number;
  /** Ids of those that are loaded, and of those that are traced; all if it does not say. */
  loadedIds?: readonly string[];
  tracedIds?: readonly string[];
}
const TIMES: Readonly<Record<Size, Times>> = {
  // Each is started once, in one way or the other: the starts are what takes time.
  smoke: {
    warmUp: 0.1,
    round: 0.1,
    rounds: 2,
    traced: 3,
    loadedIds: ['service', 'journal', 'memory', 'sqlite-grouped', 'event-storage-grouped'],
    tracedIds: ['sqlite', 'sqlite-thread', 'lmdb', 'event-storage'],
  },
  full: { warmUp: 2, round: 2.5, rounds: 4, traced: 50 },
};

/** Those that are compared, in the order they take turns: the service, and every peer whose package is here. */
async function candidates(ids: readonly string[] | undefined) {
  const loadable = await Promise.all(PEERS.map(canBeLoaded));
  const all = [SERVICE, ...PEERS.filter((_, index) => loadable[index])];
  return all.filter(({ id }) => ids === undefined || ids.includes(id));
}

function start(id: string, dataDir: string): Promise<BenchProcess> {
  return id === SERVICE.id ? startService(dataDir) : startProcess(PEER_SERVER, [id, dataDir]);
}

async function closed(connections: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { warmUp, round, rounds, loadedIds } = TIMES[context.size];
  const bodies = await appendBodies(context.corpus, context.seed);
  const servers = [];
  for (const candidate of await candidates(loadedIds)) {
    const server = await start(candidate.id, join(context.directory, candidate.id));
    const request = appendRequests(await newConsultations(server.url, connections), bodies);
    const turns = new Rounds(server, { connections, request });
    await turns.run(warmUp);
    turns.forget();
    servers.push({ candidate, server, turns });
  }
  for (let turn = 0; turn < rounds; turn += 1) {
    context.progress(turn / rounds, `round ${turn + 1} of ${rounds}`);
    for (const { turns } of turn % 2 === 0 ? servers : servers.toReversed()) await turns.run(round);
  }
  for (const { server } of servers) await server.stop();
  return servers.map(({ candidate, turns }) => ({
    name: `${candidate.name}, ${connections} connections`,
    parameters: { peer: candidate.id, connections },
    durability: candidate.durability,
    invalid: turns.invalid,
    measures: turns.measures(),
  }));
}

/** How often each syncs for an append that shares its sync with no other. */
async function syncs(context: CaseContext): Promise<CaseOutcome[]> {
  const { traced, tracedIds } = TIMES[context.size];
  const bodies = (await appendBodies(context.corpus, context.seed)).slice(0, traced);
  const outcomes: CaseOutcome[] = [];
  const all = await candidates(tracedIds);
  for (const [index, { id, name, durability }] of all.entries()) {
    context.progress(index / all.length, name);
    const directory = join(context.directory, id);
    const dataDir = join(directory, 'data');
    await mkdir(dataDir, { recursive: true });
    const args =
      id === SERVICE.id
        ? [SERVICE_PROGRAM, 'serve', '--port', '0', '--data-dir', dataDir]
        : [fileURLToPath(PEER_SERVER), id, dataDir];
    const counts = await countSyncs({ args, dataDir }, directory, bodies);
    const least = Math.min(...counts);
    outcomes.push({
      name: `${name}, one append at a time`,
      parameters: { peer: id, traced: bodies.length },
      durability,
      invalid:
        durability === 'fsync' && least < 1 ? ['an append was answered before anything was synced'] : [],
      measures: {
        syncs_least: scalar(least, 'syncs/append'),
        syncs_mean: scalar(counts.reduce((sum, count) => sum + count, 0) / counts.length, 'syncs/append'),
      },
    });
  }
  return outcomes;
}

export const benchmark = defineBenchmark({
  name: 'peers',
  title: 'Peers',
  question:
    'What do other stores do with the same append, behind the same route, asked by the same client, synced before each answer?',
  cases: ({ size }) => [
    ...CONNECTIONS.slice(0, size === 'smoke' ? 1 : undefined).map((connections) => {
      return { name: `${connections} connections`, parameters: { connections }, timeLimitSeconds: 240 };
    }),
    { name: 'syncs', parameters: { connections: 0 }, timeLimitSeconds: 120 },
  ],
  measure: ({ connections }, context) =>
    connections === 0 ? syncs(context) : closed(Number(connections), context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
