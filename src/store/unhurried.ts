/** Long work on the main thread, in steps, with the event loop's turns between them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../domain/limits.js';

/**
 * Runs the steps to their end and gives what they return. Whenever they have taken `limits.turnMs`, others have
 * their turn; short work is done without waiting for anything.
 */
export async function unhurried<T>(steps: Iterator<unknown, T>): Promise<T> {
  let turnStarted = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turnStarted < limits.turnMs) continue;
    await nextTurn();
    turnStarted = performance.now();
  }
}
