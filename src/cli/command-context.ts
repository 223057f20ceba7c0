/** What a command gets from the process that runs it, so that tests can run it without one. */
import type { Readable, Writable } from 'node:stream';
import type { ImportStore } from './import-target.js';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface CommandContext {
  stdin: Readable;
  stdout: Writable;
  /** `isTTY` says whether a progress bar can be drawn. */
  stderr: Writable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /**
   * Calls `listener` at the first SIGINT or SIGTERM, and gives back a function that stops listening. After
   * that first signal the next one ends the process at once.
   */
  onStop(listener: (signal: StopSignal) => void): () => void;
  /** Tells whoever supervises this process that it serves. */
  ready(): void;
  /** Lets other processes go first for a processor, for a command that is in no hurry and may run beside a service. */
  letOthersGoFirst(): void;
  /** Ends the process at once, whatever is still under way. */
  exitNow(exitCode: number): never;
  /** Opens the store of a directory; without one, of the directory that the settings name. */
  openStore(dataDir: string | undefined): Promise<ImportStore>;
}
