/**
 * Times fdatasync on the disk under test while the service uses it, from a thread of its own, so that no other
 * work delays the clock. Each write appends 4 KiB as the journal does: one call that is durable when it returns.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { build } from 'hdr-histogram-js';
import { nodeDisk } from '../../ops/disk.js';
import type { Durations } from './figures.js';

const WRITE_BYTES = 4096;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const PAUSE_MS = 20;
const MICROSECONDS_MAX = 60_000_000;

export interface FsyncProbe {
  /** Ends it; `undefined` if it has no value. */
  stop(): Promise<Durations | undefined>;
}

/** Starts it on a file in a directory. */
export function startFsyncProbe(directory: string): FsyncProbe {
  const worker = new Worker(new URL(import.meta.url), { workerData: { directory } });
  const measured = new Promise<Durations | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  measured.catch(() => undefined);
  return {
    stop() {
      worker.postMessage('stop');
      return measured;
    },
  };
}

async function probe(directory: string): Promise<Durations | undefined> {
  let isStopped = false;
  parentPort?.once('message', () => {
    isStopped = true;
  });
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MICROSECONDS_MAX,
    numberOfSignificantValueDigits: 3,
  });
  const path = join(directory, 'fsync-probe');
  await (await nodeDisk.open(path, { mode: 'create' })).close();
  const file = await nodeDisk.open(path, { mode: 'write', durable: true });
  const bytes = Buffer.alloc(WRITE_BYTES, 1);
  for (let offset = 0; !isStopped; offset += WRITE_BYTES) {
    if (offset >= FILE_BYTES_MAX) {
      await file.truncate(0);
      offset = 0;
    }
    const startedMs = performance.now();
    await file.write(bytes, offset);
    const microseconds = Math.round((performance.now() - startedMs) * 1000);
    histogram.recordValue(Math.min(MICROSECONDS_MAX, Math.max(1, microseconds)));
    await delay(PAUSE_MS);
  }
  await file.close();
  if (histogram.totalCount === 0) return undefined;
  const milliseconds = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    count: histogram.totalCount,
    p50: milliseconds(50),
    p99: milliseconds(99),
    max: histogram.maxValue / 1000,
  };
}

if (!isMainThread && parentPort !== null) {
  const { directory } = workerData as { directory: string };
  parentPort.postMessage(await probe(directory));
}
