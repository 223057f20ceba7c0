/** The memory of a process over time: what the kernel counts, and what V8 uses of it. */
import { memoryOf } from '../../bench/harness/service-under-test.js';
import type { Inspected } from './inspector-session.js';

const EVERY_MS = 250;
const MEBIBYTE = 1024 * 1024;

/** MiB; seconds since the first. */
export interface MemoryPoint {
  seconds: number;
  heapUsed: number;
  heapTotal: number;
  /** Resident memory; `undefined` without /proc. */
  resident: number | undefined;
}

export interface WatchedMemory {
  /** Ends it; the points until now. Throws what went wrong while it was looked at. */
  stop(): Promise<MemoryPoint[]>;
}

/** Looks at the memory of a process four times a second until it is stopped. */
export function watchMemory(inspected: Inspected, pid: number): WatchedMemory {
  const points: MemoryPoint[] = [];
  const started = performance.now();
  const look = async (): Promise<void> => {
    const { usedSize, totalSize } = (await inspected.send('Runtime.getHeapUsage')) as {
      usedSize: number;
      totalSize: number;
    };
    const memory = await memoryOf(pid);
    points.push({
      seconds: (performance.now() - started) / 1000,
      heapUsed: usedSize / MEBIBYTE,
      heapTotal: totalSize / MEBIBYTE,
      resident: memory?.resident,
    });
  };
  // One look after the other: a process that is busy answers late.
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
    // Whoever stops it is told.
    looking.catch(() => clearInterval(timer));
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      return points;
    },
  };
}
