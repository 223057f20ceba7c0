/** Many appends to a real journal at the same time, in this thread, without HTTP. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../src/domain/errors.js';
import { FileLog } from '../../src/log/file-log.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { latency, newHistogram, recordMs, scalar } from '../harness/measures.js';
import type { Measure } from '../harness/result.js';

/** One journal takes all of a run. */
const ROLL = { events: 50_000_000, bytes: 2 ** 31, ageMs: Number.POSITIVE_INFINITY };

export interface Appending {
  concurrent: number;
  seconds: number;
  /** Stored in turn. */
  links: readonly Buffer[];
}

/** A journal in an empty directory, synced. */
export function openJournal(directory: string): Promise<FileLog> {
  return FileLog.open({
    disk: nodeDisk,
    directory,
    durability: 'fsync',
    roll: ROLL,
    firstSequence: 1,
    indexedVersion: () => 0,
  });
}

/** Keeps so many appends going, each to a consultation of its own; the next one follows when one is durable. */
export async function appendAtOnce(
  log: FileLog,
  { concurrent, seconds, links }: Appending,
): Promise<Record<'appends' | 'append_latency' | 'refused', Measure>> {
  const histogram = newHistogram();
  const first = log.headSequence;
  let refused = 0;
  let next = 0;
  const started = performance.now();
  const until = started + seconds * 1000;
  const appender = async (_: unknown, index: number): Promise<void> => {
    const consultationId = `${first}-${index}`;
    for (let version = 0; performance.now() < until; ) {
      const begun = performance.now();
      next += 1;
      try {
        const link = links[next % links.length] as Buffer;
        await log.append({ consultationId, expectedVersion: version, links: [link] });
        recordMs(histogram, performance.now() - begun);
        version += 1;
      } catch (error) {
        // The queue is full: its bound is meant to be met by ten thousand at once.
        if (!(error instanceof CodedError) || error.code !== 'OVERLOADED') throw error;
        refused += 1;
        await delay(1);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrent }, appender));
  const elapsed = (performance.now() - started) / 1000;
  return {
    appends: scalar(histogram.totalCount / elapsed, 'appends/s', 'higher'),
    append_latency: latency(histogram),
    refused: scalar(refused / elapsed, '1/s', 'lower'),
  };
}
