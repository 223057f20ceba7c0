/** Runs command lines in this process, and keeps what they print. */
import { Readable, Writable } from 'node:stream';
import type { CommandContext, StopSignal } from '../../src/cli/command-context.js';
import { runCli } from '../../src/cli/run-cli.js';
import type { MemoryEventStore } from './memory-event-store.js';
import { memoryEventStore } from './memory-event-store.js';

export interface CliRun {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Whether the command let other processes go first. */
  wentLast: boolean;
}

export interface CliOptions {
  store?: MemoryEventStore;
  /** Instead of `store`. */
  openStore?: CommandContext['openStore'];
  stdin?: Readable;
  env?: Record<string, string>;
  /** Gets a function that sends a signal to the command. */
  onStart?: (signal: (name: StopSignal) => void) => void;
  isTty?: boolean;
}

export async function cli(args: string[], options: CliOptions = {}): Promise<CliRun> {
  const stdout = textSink();
  const stderr = textSink();
  let wentLast = false;
  const context: CommandContext = {
    stdin: options.stdin ?? Readable.from([]),
    stdout: stdout.stream,
    stderr: Object.assign(stderr.stream, { isTTY: options.isTty ?? false }),
    env: options.env ?? {},
    onStop(listener) {
      options.onStart?.(listener);
      return () => {};
    },
    ready: () => {},
    letOthersGoFirst: () => {
      wentLast = true;
    },
    exitNow: (exitCode) => {
      throw new Error(`ended at once with exit code ${exitCode}`);
    },
    openStore: options.openStore ?? (async () => options.store ?? memoryEventStore()),
  };
  const exitCode = await runCli(args, '1.2.3', context);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), wentLast };
}

/** A stream that keeps what is written to it. */
export function textSink() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
