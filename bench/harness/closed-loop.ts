/**
 * A closed loop: every connection sends its next request once it has the answer to the last. It finds how much a
 * service can take. Its latencies are those of a service that is never asked faster than it answers, and no more.
 *
 * It runs in the process that calls it, which must not be the one that serves.
 */
import type { Histogram } from 'hdr-histogram-js';
import { HttpConnection } from './http-connection.js';
import { newHistogram, recordMs } from './measures.js';

/** Past this share of a core the generator, and not the service, may be what is measured. */
const GENERATOR_CPU_MAX = 0.95;

export interface Load {
  /** Such as `http://127.0.0.1:7001`. */
  url: string;
  connections: number;
  seconds: number;
  /** The request with this number, from 0; made beforehand, for making it costs the generator. */
  request: (index: number) => Buffer;
  /** The status that every answer must have. */
  status: number;
  onProgress?: (share: number) => void;
}

export interface ClosedLoopResult {
  answered: number;
  seconds: number;
  perSecond: number;
  /** Microseconds, from sending to the whole answer. */
  latency: Histogram;
  /** Answers of another status than was expected. */
  unexpected: number;
  /** Of one core, user and system time of this process. */
  generatorCpuShare: number;
  /** Reasons that the figures must not be quoted. */
  invalid: string[];
}

/** Loads a service for so many seconds. Throws if a connection breaks. */
export async function closedLoop(load: Load): Promise<ClosedLoopResult> {
  const { seconds, request, status: expected, onProgress } = load;
  const latency = newHistogram();
  let unexpected = 0;
  let next = 0;
  let broken: ((error: Error) => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    broken = reject;
  });
  const connections = await openConnections(load, (error) => broken?.(error));
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const until = started + seconds * 1000;
  const told = setInterval(() => onProgress?.((performance.now() - started) / (seconds * 1000)), 200);
  const drive = (connection: HttpConnection): Promise<void> =>
    new Promise((resolve) => {
      let sentMs = performance.now();
      const answered = (status: number): void => {
        const now = performance.now();
        recordMs(latency, now - sentMs);
        if (status !== expected) unexpected += 1;
        if (now >= until) {
          resolve();
          return;
        }
        sentMs = now;
        connection.send(request(next++), answered);
      };
      connection.send(request(next++), answered);
    });
  try {
    await Promise.race([Promise.all(connections.map(drive)), failed]);
  } finally {
    clearInterval(told);
    for (const connection of connections) connection.close();
  }
  const elapsed = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const generatorCpuShare = (user + system) / 1e6 / elapsed;
  const answered = latency.totalCount;
  const invalid = [
    ...unexpectedAnswers(unexpected, expected),
    ...(generatorCpuShare > GENERATOR_CPU_MAX
      ? [
          `the load generator was busy ${(generatorCpuShare * 100).toFixed(0)} % of the time: the service may do more`,
        ]
      : []),
  ];
  return {
    answered,
    seconds: elapsed,
    perSecond: answered / elapsed,
    latency,
    unexpected,
    generatorCpuShare,
    invalid,
  };
}

/** Opens the connections of a load, all at once. */
export function openConnections(
  { url, connections }: Pick<Load, 'url' | 'connections'>,
  onFailed: (error: Error) => void,
): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: connections }, () => HttpConnection.open(url, onFailed)));
}

/** The reason that answers of another status are; none if there were none. */
export function unexpectedAnswers(count: number, expected: number): string[] {
  return count === 0 ? [] : [`${count} answers had another status than ${expected}`];
}
