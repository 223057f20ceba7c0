/** A service that takes appends at a fixed rate while something goes on in the background, and what those rounds gave. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSealedFileName } from '../../src/segments/segment-layout.js';
import { latency, medianOf, scalar } from '../harness/measures.js';
import { allRounds, type FixedRateLoad, type OpenLoopResult, openLoop } from '../harness/open-loop.js';
import type { Measure } from '../harness/result.js';
import { cpuSecondsOf, mainThreadCpuSecondsOf, type StartedService } from '../harness/service-under-test.js';
import { settled } from '../support/settled.js';
import { BusyProcessors } from './busy-processors.js';
import { ThreadWatch } from './thread-watch.js';
import { VerifyLoop } from './verify-loop.js';

/** What goes on beside the appends. */
export type Background = 'nothing' | 'busy' | 'sealing' | 'verifying';

export interface ServiceOnDirectory {
  service: StartedService;
  dataDir: string;
}

interface Round {
  result: OpenLoopResult;
  cores: number | undefined;
  mainThreadCores: number | undefined;
  threads: ReadonlyMap<number, number>;
  sealed: number;
  verified: number;
}

export class LoadedService {
  private readonly rounds: Round[] = [];

  constructor(
    readonly background: Background,
    private readonly on: ServiceOnDirectory,
    private readonly load: Omit<FixedRateLoad, 'url' | 'seconds'>,
  ) {}

  /** One round; resolves once it is quiet again. Throws if a connection breaks or a verification finds damage. */
  async run(seconds: number): Promise<void> {
    const { dataDir, service } = this.on;
    const { pid, url } = service;
    const sealedBefore = await sealedCount(dataDir);
    const verify = this.background === 'verifying' ? new VerifyLoop(dataDir) : undefined;
    const busy = this.background === 'busy' ? new BusyProcessors() : undefined;
    const watch = new ThreadWatch(pid);
    const [cpuBefore, mainBefore] = [await cpuSecondsOf(pid), await mainThreadCpuSecondsOf(pid)];
    const result = await openLoop({ ...this.load, url, seconds });
    const [cpuAfter, mainAfter] = [await cpuSecondsOf(pid), await mainThreadCpuSecondsOf(pid)];
    await busy?.stop();
    // What waits to be sealed belongs to this round and must not disturb the next one.
    await settled(dataDir);
    const sealed = (await sealedCount(dataDir)) - sealedBefore;
    const [threads, verified] = [await watch.stop(), (await verify?.stop()) ?? 0];
    const cores = coresOf(cpuBefore, cpuAfter, result.seconds);
    const mainThreadCores = coresOf(mainBefore, mainAfter, result.seconds);
    this.rounds.push({ result, cores, mainThreadCores, threads, sealed, verified });
  }

  /** Rounds that warm up are run and not counted. */
  forget(): void {
    this.rounds.length = 0;
  }

  /** Percentiles and processor time round by round, so that services can be compared within a round. */
  measures(): Record<string, Measure> {
    const { corrected, uncorrected, due, answered, unexpected } = this.all();
    const total = (of: (round: Round) => number): number =>
      this.rounds.reduce((sum, round) => sum + of(round), 0);
    const atPercentile = (percentile: number): number[] =>
      this.rounds.map(({ result }) => result.corrected.getValueAtPercentile(percentile));
    return {
      latency: latency(uncorrected, corrected),
      round_p50: medianOf(atPercentile(50), 'us', 'lower'),
      round_p95: medianOf(atPercentile(95), 'us', 'lower'),
      error_share: scalar((unexpected + due - answered) / due, '', 'lower'),
      ...known('cpu', this.rounds, ({ cores }) => cores),
      ...known('main_thread_cpu', this.rounds, ({ mainThreadCores }) => mainThreadCores),
      ...this.threadMeasures(),
      segments_sealed: scalar(
        total(({ sealed }) => sealed),
        'segments',
      ),
      verifications: scalar(
        total(({ verified }) => verified),
        'runs',
      ),
    };
  }

  /** The most at any time, and the share of the looks that saw more than the fewest of their round. */
  private threadMeasures(): Record<string, Measure> {
    const looked = this.rounds.map(({ threads }) => threads).filter(({ size }) => size > 0);
    if (looked.length === 0) return {};
    const peaks = looked.map((threads) => Math.max(...threads.keys()));
    const shares = looked.map((threads) => {
      const all = [...threads.values()].reduce((sum, count) => sum + count, 0);
      return 1 - (threads.get(Math.min(...threads.keys())) ?? 0) / all;
    });
    return {
      threads_peak: { ...scalar(Math.max(...peaks), 'threads', 'lower'), rounds: peaks },
      more_threads_share: medianOf(shares, ''),
    };
  }

  /** What all rounds gave together. */
  private all(): OpenLoopResult {
    return allRounds(
      this.load,
      this.rounds.map(({ result }) => result),
    );
  }

  /** Why the figures must not be quoted. */
  get invalid(): string[] {
    const reasons = this.all().invalid;
    const isSealing = this.background === 'sealing';
    if (this.rounds.some(({ sealed }) => sealed > 0 !== isSealing)) {
      reasons.push(isSealing ? 'nothing was sealed in a round' : 'something was sealed in a round');
    }
    return reasons;
  }
}

function coresOf(before: number | undefined, after: number | undefined, seconds: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / seconds;
}

/** A figure in cores, over the rounds in which it is known. */
function known(
  name: string,
  rounds: readonly Round[],
  of: (round: Round) => number | undefined,
): Record<string, Measure> {
  const values = rounds.flatMap((round) => of(round) ?? []);
  return values.length === 0 ? {} : { [name]: medianOf(values, 'cores', 'lower') };
}

async function sealedCount(dataDir: string): Promise<number> {
  return (await readdir(join(dataDir, 'segments'))).filter(isSealedFileName).length;
}
