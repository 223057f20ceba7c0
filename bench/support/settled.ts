/** Waits for a service to have sealed what it has to seal. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SETTLE_SECONDS_MAX = 60;
const SETTLE_LOOK_MS = 25;

/** Resolves once no full journal waits to be sealed: one is left then, the one that is written. */
export async function settled(dataDir: string): Promise<void> {
  const until = performance.now() + SETTLE_SECONDS_MAX * 1000;
  while ((await readdir(join(dataDir, 'journal'))).length > 1) {
    if (performance.now() > until) throw new Error(`journals are not sealed after ${SETTLE_SECONDS_MAX} s`);
    await delay(SETTLE_LOOK_MS);
  }
}
