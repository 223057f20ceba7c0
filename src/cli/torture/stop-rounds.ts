/** Rounds that end a service under load, gracefully or not, and check what the next start serves. */
import { setTimeout as delay } from 'node:timers/promises';
import { integerBetween } from '../../domain/seeded-random.js';
import { inTime, type Life } from './life.js';

/** How long clients play before the end comes, in milliseconds. */
const LOAD_MS = { min: 10, max: 2000 } as const;
/** The share of kills that are followed by another one before the service listens, and when that may come. */
const KILLED_AGAIN_SHARE = 0.25;
const KILLED_AGAIN_MS_MAX = 1500;

/** Starts the service, checks what happened before, lets clients play for a random time, and kills it. */
export async function killRound(life: Life): Promise<void> {
  const { random, figures } = life.torture;
  if (figures.kills > 0 && random() < KILLED_AGAIN_SHARE) await killWhileStarting(life);
  const service = await life.start();
  await life.checkTouched(service);
  const { ended } = life.play(service.url);
  // A client that fails ends the round, and the run with it.
  await Promise.race([ended, delay(integerBetween(random, LOAD_MS.min, LOAD_MS.max))]);
  await life.kill(service);
  await inTime(ended, 'clients of a killed service did not end');
  figures.kills += 1;
}

async function killWhileStarting(life: Life): Promise<void> {
  const { random, figures } = life.torture;
  const service = life.spawn();
  const waitMs = integerBetween(random, 0, KILLED_AGAIN_MS_MAX);
  const isListening = await Promise.race([service.listening.then(() => true), delay(waitMs)]);
  await life.kill(service);
  if (isListening !== true) figures.killsWhileStarting += 1;
}

/** The same with SIGTERM: what is in flight is answered, the exit code is 0, and nobody is left unanswered. */
export async function restartRound(life: Life): Promise<void> {
  const { random, figures } = life.torture;
  const service = await life.start();
  await life.checkTouched(service);
  const { ended } = life.play(service.url);
  await Promise.race([ended, delay(integerBetween(random, LOAD_MS.min, LOAD_MS.max))]);
  await life.stop(service);
  await inTime(ended, 'clients of a stopped service did not end');
  figures.restarts += 1;
}
