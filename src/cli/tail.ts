/** `fi-consult tail`: committed events as NDJSON, as they come, until it is stopped. */
import { type Command, InvalidArgumentError } from 'commander';
import { eventLines } from '../domain/event-lines.js';
import type { DirectoryReader } from '../store/directory-reader.js';
import type { CommandContext } from './command-context.js';
import { writeToStdout } from './output.js';
import { DATA_DIR_HELP, dataDirOf, withDirectory } from './read-directory.js';

interface TailOptions {
  from?: number;
  dataDir?: string;
}

export function registerTail(program: Command, context: CommandContext): void {
  program
    .command('tail')
    .description('follows the committed events of a store as NDJSON, until SIGINT or SIGTERM')
    .option(
      '--from <sequence>',
      'the first event to show (default: the next one that is committed)',
      sequence,
    )
    .option('--data-dir <directory>', DATA_DIR_HELP)
    .action((options: TailOptions) => tail(options, context));
}

async function tail(options: TailOptions, context: CommandContext): Promise<void> {
  const stop = new AbortController();
  const unlisten = context.onStop(() => stop.abort());
  try {
    await withDirectory(dataDirOf(options.dataDir, context), async (reader) => {
      const from = options.from ?? (await reader.headSequence()) + 1;
      await writeToStdout(lines(reader, from, stop.signal), { stdout: context.stdout, signal: stop.signal });
    });
  } catch (error) {
    // Being stopped is how it ends.
    if (!stop.signal.aborted) throw error;
  } finally {
    unlisten();
  }
}

async function* lines(reader: DirectoryReader, from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const links of reader.follow(from, signal)) yield eventLines(links);
}

function sequence(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('It must be a whole number from 1.');
}
