/**
 * Two services, of one commit or under one Node each, that take turns under the same load: one sample of a comparison.
 *
 * Two processes of the same code differ for as long as they live, by where their memory lies and what was compiled
 * when. Each sample is therefore a new pair of processes.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../src/domain/seeded-random.js';
import { STAGES } from '../../src/ops/stage-timers.js';
import { closedLoop } from '../harness/closed-loop.js';
import {
  cpuSecondsOf,
  newConsultations,
  type StageFigures,
  stageFigures,
} from '../harness/service-under-test.js';
import { appendRequests } from '../support/append-requests.js';
import { type BenchProcess, startProcess } from '../support/bench-process.js';
import type { Sample } from '../verdicts/comparison.js';
import { takeTurns } from '../verdicts/take-turns.js';

const CONNECTIONS = 16;
/** Of a checkout, the program that serves. */
const PROGRAM = 'dist/src/cli/fi-consult.js';

export interface PairTimes {
  warmUpSeconds: number;
  blockSeconds: number;
  /** Each is four blocks. */
  rounds: number;
}

/** What a service is started from. */
export interface Variant {
  /** A built checkout. */
  checkout: string;
  /** The executable of Node. */
  node: string;
}

/** The figures of a sample. */
export const FIGURES = [...STAGES, 'throughput', 'cpu'] as const;

class Side {
  private constructor(
    private readonly service: BenchProcess,
    private readonly request: (index: number) => Buffer,
  ) {}

  static async start({ checkout, node }: Variant, dataDir: string, bodies: readonly string[]): Promise<Side> {
    const program = new URL(`file://${join(checkout, PROGRAM)}`);
    const service = await startProcess(program, ['serve', '--port', '0', '--data-dir', dataDir], {}, node);
    const ids = await newConsultations(service.url, CONNECTIONS);
    return new Side(service, appendRequests(ids, bodies));
  }

  /** Seconds an append: by the service's own stages, by the clock, and of its processor time. Throws at refusals. */
  async block(seconds: number): Promise<Sample> {
    const { url, pid } = this.service;
    const [stagesBefore, cpuBefore] = [await stageFigures(url), await cpuSecondsOf(pid)];
    const load = { url, connections: CONNECTIONS, seconds, request: this.request, status: 201 };
    const { answered, perSecond, unexpected } = await closedLoop(load);
    const [cpuAfter, stagesAfter] = [await cpuSecondsOf(pid), await stageFigures(url)];
    if (unexpected > 0) throw new Error(`${unexpected} appends were refused`);
    return {
      ...stageMeans(stagesBefore, stagesAfter),
      throughput: 1 / perSecond,
      cpu: ((cpuAfter ?? Number.NaN) - (cpuBefore ?? Number.NaN)) / answered,
    };
  }

  stop(): Promise<void> {
    return this.service.stop();
  }
}

function stageMeans(
  before: Readonly<Record<string, StageFigures>>,
  after: Readonly<Record<string, StageFigures>>,
): Record<string, number> {
  const entries = Object.entries(after).map(([stage, { count, mean }]) => {
    const earlier = before[stage] ?? { count: 0, mean: 0 };
    return [stage, (count * mean - earlier.count * earlier.mean) / (count - earlier.count)];
  });
  return Object.fromEntries(entries);
}

export interface Pair {
  variants: { a: Variant; b: Variant };
  /** Of this pair alone; it does not exist yet. */
  directory: string;
  bodies: readonly string[];
  times: PairTimes;
  random: Random;
}

/** Starts both, lets them take turns, stops them, and removes their data. */
export async function samplePair({ variants, directory, bodies, times, random }: Pair): Promise<Sample> {
  const sides: Side[] = [];
  try {
    for (const name of ['a', 'b'] as const)
      sides.push(await Side.start(variants[name], join(directory, name), bodies));
    const [a, b] = sides as [Side, Side];
    for (const side of sides) await side.block(times.warmUpSeconds);
    const rounds: Sample[] = [];
    for (let round = 0; round < times.rounds; round += 1) {
      const blocks = { a: () => a.block(times.blockSeconds), b: () => b.block(times.blockSeconds) };
      rounds.push(await takeTurns(blocks, FIGURES, random));
    }
    return meanOf(rounds);
  } finally {
    for (const side of sides) await side.stop();
    // Dozens of pairs would fill a disk.
    await rm(directory, { recursive: true, force: true });
  }
}

function meanOf(rounds: readonly Sample[]): Sample {
  const mean = (name: string): number =>
    rounds.reduce((sum, round) => sum + (round[name] ?? Number.NaN), 0) / rounds.length;
  return Object.fromEntries(FIGURES.map((name) => [name, mean(name)]));
}
