/**
 * Every processor kept busy by programs that do nothing, at the priority of `fi-consult verify`: no disk, no memory, no system call.
 *
 * What an append takes longer beside them is the machine's: it wakes a thread later on a processor that is at work than on
 * one that is idle. A program that does something can hardly cost less.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, setPriority } from 'node:os';
import { limits } from '../../src/domain/limits.js';

/** One that nobody stops ends by itself. */
const SECONDS_MAX = 60;
const PROGRAM = `const endMs = Date.now() + ${SECONDS_MAX * 1000}; while (Date.now() < endMs);`;

export class BusyProcessors {
  private readonly programs: ChildProcess[];

  constructor() {
    this.programs = Array.from({ length: availableParallelism() }, () => {
      const program = spawn(process.execPath, ['--eval', PROGRAM], { stdio: 'ignore' });
      if (program.pid !== undefined) setPriority(program.pid, limits.toolNice);
      return program;
    });
  }

  /** Resolves once all have ended. Throws if one had ended before. */
  async stop(): Promise<void> {
    for (const program of this.programs) {
      const ended = once(program, 'exit');
      if (!program.kill()) throw new Error('a program that keeps a processor busy ended by itself');
      await ended;
    }
  }
}
