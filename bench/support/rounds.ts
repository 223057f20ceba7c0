/**
 * Servers that are compared take turns, so that what else the machine does falls on all of them; this is what one of
 * them did over its rounds.
 */
import { type ClosedLoopResult, closedLoop } from '../harness/closed-loop.js';
import { latency, median, medianOf, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';
import { cpuSecondsOf } from '../harness/service-under-test.js';
import type { BenchProcess } from './bench-process.js';

/** Loads one server with appends, round by round, and keeps what they gave. */
export class Rounds {
  private readonly results: (ClosedLoopResult & { cpuSeconds: number | undefined })[] = [];

  constructor(
    readonly server: BenchProcess,
    private readonly load: { connections: number; request: (index: number) => Buffer },
  ) {}

  /** One round. Throws if a connection breaks. */
  async run(seconds: number): Promise<void> {
    const before = await cpuSecondsOf(this.server.pid);
    const result = await closedLoop({ url: this.server.url, ...this.load, seconds, status: 201 });
    const after = await cpuSecondsOf(this.server.pid);
    const cpuSeconds = before === undefined || after === undefined ? undefined : after - before;
    this.results.push({ ...result, cpuSeconds });
  }

  /** Rounds that warm up are run and not counted. */
  forget(): void {
    this.results.length = 0;
  }

  /** Over all rounds: rates and CPU as medians of them, latencies added up. */
  measures(): Record<string, Measure> {
    const all = this.results.map((result) => result.latency);
    const [first, ...rest] = all;
    for (const histogram of rest) first?.add(histogram);
    const cpu = this.results.flatMap(({ cpuSeconds, answered }) =>
      cpuSeconds === undefined ? [] : [(cpuSeconds * 1e6) / answered],
    );
    const rates = this.results.map(({ perSecond }) => perSecond);
    const total = (of: (result: ClosedLoopResult) => number): number =>
      this.results.reduce((sum, result) => sum + of(result), 0);
    return {
      throughput: medianOf(rates, 'requests/s', 'higher'),
      error_share: scalar(
        total(({ unexpected }) => unexpected) / total(({ answered }) => answered),
        '',
        'lower',
      ),
      ...(first === undefined ? {} : { latency: latency(first) }),
      ...(cpu.length === 0 ? {} : { cpu_per_request: medianOf(cpu, 'us', 'lower') }),
      generator_cpu: scalar(median(this.results.map((result) => result.generatorCpuShare)), 'cores'),
    };
  }

  /** Why the figures must not be quoted. */
  get invalid(): string[] {
    return [...new Set(this.results.flatMap(({ invalid }) => invalid))];
  }
}
