/** `fi-consult repack`: rewrites sealed segments with another codec. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseCodec } from '../segments/codecs/codec-table.js';
import type { RepackResult } from '../store/repack-store.js';
import type { CommandContext, StopSignal } from './command-context.js';
import { CommandError, STOP_EXIT_CODES } from './command-error.js';
import { startProgress } from './progress.js';
import { dataDirOf, withDirectory } from './read-directory.js';

interface RepackFlags {
  codec: string;
  dataDir?: string;
}

export function registerRepack(program: Command, context: CommandContext): void {
  program
    .command('repack')
    .description('rewrites sealed segments with another codec, which a service may have open meanwhile')
    .requiredOption('--codec <codec>', 'the codec they get, such as gzip:9 or zstd:9', codecText)
    .option('--data-dir <directory>', 'the store (default: as settings say)')
    .addHelpText(
      'after',
      '\nEach segment is written anew, read back and compared before the old file goes. It may be interrupted at any' +
        '\ntime; the same command then goes on. Segments that have the codec already are left alone.',
    )
    .action((flags: RepackFlags) => repack(flags, context));
}

async function repack({ codec, dataDir: given }: RepackFlags, context: CommandContext): Promise<void> {
  const dataDir = dataDirOf(given, context);
  context.letOthersGoFirst();
  // Loaded late: help texts do without it.
  const { repackStore } = await import('../store/repack-store.js');
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const unlisten = context.onStop((signal) => {
    stoppedBy = signal;
    context.stderr.write(`fi-consult repack: ${signal}: finishing the segment under way\n`);
    stop.abort();
  });
  const progress = { done: 0, total: 0 };
  const shown = startProgress({
    command: 'fi-consult repack',
    stderr: context.stderr,
    total: () => progress.total,
    done: () => progress.done,
    text: () => `${progress.done} segments`,
  });
  const startedMs = performance.now();
  let result: RepackResult;
  try {
    result = await withDirectory(dataDir, () =>
      repackStore({
        dataDir,
        codec,
        signal: stop.signal,
        onProgress: (done, total) => Object.assign(progress, { done, total }),
      }),
    );
  } finally {
    shown.stop();
    unlisten();
  }
  context.stdout.write(`${summary(result, codec, performance.now() - startedMs)}\n`);
  if (stoppedBy !== undefined && progress.done < progress.total) {
    const hint = 'run the same command again to go on';
    throw new CommandError(`stopped by ${stoppedBy}; ${hint}`, STOP_EXIT_CODES[stoppedBy]);
  }
}

function summary(
  { segments, repacked, bytesBefore, bytesAfter }: RepackResult,
  codec: string,
  ms: number,
): string {
  return (
    `${repacked} of ${segments} segments repacked with ${codec}, ` +
    `${bytesBefore} bytes became ${bytesAfter}, ${(ms / 1000).toFixed(1)} s`
  );
}

function codecText(text: string): string {
  try {
    return parseCodec(text).text;
  } catch (error) {
    throw new InvalidArgumentError(`It ${(error as Error).message}.`);
  }
}
