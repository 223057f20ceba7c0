/**
 * The child process of one case: is told what to measure, measures it, and answers with rows of figures.
 *
 * One job, then it ends. What it writes to standard output and error is shown by the parent only if it fails.
 */
import { assert } from '../../src/domain/errors.js';
import { type Benchmark, type CaseContext, type CaseOutcome, SkippedCase } from './benchmark.js';
import type { Parameters } from './result.js';

/** What the parent sends, once. */
export interface CaseJob {
  /** URL of the compiled file that exports `benchmark`. */
  module: string;
  parameters: Parameters;
  context: Omit<CaseContext, 'progress'>;
}

export type CaseMessage =
  | { kind: 'progress'; share: number; step: string | undefined }
  | { kind: 'measured'; outcomes: readonly CaseOutcome[] }
  | { kind: 'skipped'; reason: string }
  | { kind: 'failed'; message: string };

/** A terminal needs no more. */
const PROGRESS_MS = 100;

async function measured({ module, parameters, context }: CaseJob): Promise<CaseMessage> {
  let toldMs = 0;
  const progress = (share: number, step?: string): void => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    send({ kind: 'progress', share, step });
  };
  try {
    const { benchmark } = (await import(module)) as { benchmark: Benchmark };
    return { kind: 'measured', outcomes: await benchmark.measure(parameters, { ...context, progress }) };
  } catch (error) {
    if (error instanceof SkippedCase) return { kind: 'skipped', reason: error.message };
    return { kind: 'failed', message: error instanceof Error ? String(error.stack) : String(error) };
  }
}

function send(message: CaseMessage, sent: () => void = () => undefined): void {
  assert(process.send !== undefined, 'the case runs as a child process');
  process.send(message, undefined, undefined, sent);
}

process.once('message', async (job: CaseJob) => {
  const message = await measured(job);
  // Handles that a case left open must not keep the process; what it holds is gone with it.
  send(message, () => process.exit(0));
});
// A parent that is gone wants no figures.
process.once('disconnect', () => process.exit(1));
