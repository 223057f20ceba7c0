/** Loaded into a service by `node --expose-gc --import`: answers its parent's questions for the memory it holds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MemoryUse } from './fuzzed-service.js';

/** What was dropped may be held until a timer or another turn lets go of it. */
const ROUNDS = 4;
const BETWEEN_ROUNDS_MS = 100;

async function memoryUse(): Promise<MemoryUse> {
  for (let round = 0; round < ROUNDS; round += 1) {
    globalThis.gc?.();
    await delay(BETWEEN_ROUNDS_MS);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
}

// Only the program itself has a channel to its parent, not the threads that it starts.
if (process.send !== undefined) {
  process.on('message', () => {
    memoryUse().then((use) => process.send?.(use));
  });
  // The service must end as it does without the probe.
  process.channel?.unref();
}
