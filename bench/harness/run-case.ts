/** Runs one case in a child process with a clean environment, an own directory, and a time limit. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CaseDefinition, CaseOutcome, RunOptions } from './benchmark.js';
import type { CaseJob, CaseMessage } from './case-process.js';
import type { CaseResult } from './result.js';

const CASE_PROCESS = new URL('./case-process.js', import.meta.url);
/** Of what a child printed, the end is kept. */
const OUTPUT_MAX = 8 * 1024;
const KILL_AFTER_MS = 5000;

export interface RunCase {
  /** URL of the compiled file that exports the benchmark. */
  module: string;
  definition: CaseDefinition;
  options: RunOptions;
  /** Where the case gets its directory. */
  directory: string;
  onProgress: (share: number, step: string | undefined) => void;
  /** Ends the case early; it is then invalid. */
  signal?: AbortSignal;
}

/** The rows of a case. A child that fails, or takes too long, gives one row that is invalid and says why. */
export async function runCase(run: RunCase): Promise<CaseResult[]> {
  const { definition } = run;
  const directory = await mkdtemp(join(run.directory, 'case-'));
  try {
    const message = await answerOf(run, directory);
    if (message.kind === 'measured') {
      return message.outcomes.map((outcome) => resultOf(definition, outcome));
    }
    const status = message.kind === 'skipped' ? 'skipped' : 'invalid';
    const reason = message.kind === 'skipped' ? message.reason : message.message;
    return [
      {
        name: definition.name,
        process: definition.name,
        parameters: definition.parameters,
        durability: 'memory',
        validity: { status, reasons: [reason] },
        measures: {},
      },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function resultOf({ name }: CaseDefinition, { invalid, ...row }: CaseOutcome): CaseResult {
  const status = invalid.length === 0 ? 'valid' : 'invalid';
  return {
    ...row,
    process: name,
    measures: { ...row.measures },
    validity: { status, reasons: [...invalid] },
  };
}

type Answer = Exclude<CaseMessage, { kind: 'progress' }>;

async function answerOf(run: RunCase, directory: string): Promise<Answer> {
  const { definition, options, module, onProgress, signal } = run;
  const child = fork(CASE_PROCESS, {
    // Settings of whoever runs the benchmark must not reach what is measured.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...definition.env },
    execArgv: [...(definition.nodeFlags ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own, so that what a case started can be ended with it.
    detached: true,
    serialization: 'advanced',
  });
  const output = lastOutput(child);
  const closed = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const timeLimit = AbortSignal.timeout(definition.timeLimitSeconds * 1000);
  let interrupt: () => void = () => undefined;
  const ended = new Promise<Answer>((resolve) => {
    const failed = (message: string): void => resolve({ kind: 'failed', message });
    interrupt = () => failed('interrupted');
    child.on('message', (message: CaseMessage) => {
      if (message.kind === 'progress') onProgress(message.share, message.step);
      else resolve(message);
    });
    child.once('error', (error) => failed(error.message));
    // `close` comes after the last of its output, and after its messages.
    child.once('close', (code, killedBy) =>
      failed(`the process ended with ${killedBy ?? code}: ${output()}`.trim()),
    );
    timeLimit.addEventListener('abort', () => failed(`not done within ${definition.timeLimitSeconds} s`));
    signal?.addEventListener('abort', interrupt);
  });
  const job: CaseJob = { module, parameters: definition.parameters, context: { ...options, directory } };
  child.send(job);
  const answer = await ended;
  signal?.removeEventListener('abort', interrupt);
  await end(child, closed);
  return answer;
}

/** The child ends by itself after its answer. One that hangs is killed, and so is what a case left running. */
async function end(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect();
  const isClosed = await Promise.race([closed.then(() => true), delay(KILL_AFTER_MS, false, { ref: false })]);
  killGroup(child);
  if (!isClosed) await closed;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody of the group is left, which is how it should be.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function lastOutput(child: ChildProcess): () => string {
  let text = '';
  const take = (part: Buffer): void => {
    text = (text + part.toString()).slice(-OUTPUT_MAX);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return () => text;
}
