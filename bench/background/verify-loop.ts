/** `fi-consult verify` over and over, beside a service that has the directory open. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asOthers } from '../harness/generator-priority.js';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));

/** Verifies one after the other until it is stopped. */
export class VerifyLoop {
  private runs = 0;
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(private readonly dataDir: string) {
    this.done = this.run();
    // Whoever stops it is told; until then it is nobody's unhandled error.
    this.done.catch(() => undefined);
  }

  /**
   * Waits for the run that is on and resolves with how many there were: one at least. Throws if one found damage or failed,
   * with what it printed.
   */
  async stop(): Promise<number> {
    this.isOver = true;
    await this.done;
    return this.runs;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const args = [PROGRAM, 'verify', '--data-dir', this.dataDir];
      const run = promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH } });
      asOthers(run.child.pid);
      await run;
      this.runs += 1;
    }
  }
}
