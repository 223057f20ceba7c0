/** `fi-consult export`: the events of a store as NDJSON, in order of sequence. */
import { type Command, InvalidArgumentError } from 'commander';
import { CodedError } from '../domain/errors.js';
import { eventJsonOfLink, LinkView, type SequencedLink } from '../domain/stored-event.js';
import { isUuidV7, uuidBytes } from '../domain/uuid.js';
import type { DirectoryReader } from '../store/directory-reader.js';
import type { CommandContext, StopSignal } from './command-context.js';
import { CommandError } from './command-error.js';
import { writeToFile, writeToStdout } from './output.js';
import { perSecond, startProgress } from './progress.js';
import { DATA_DIR_HELP, dataDirOf, STOP_EXIT_CODES, withDirectory } from './read-directory.js';

interface ExportOptions {
  consultation?: string;
  output: string;
  dataDir?: string;
}

/** How far an export is. */
interface ExportCounts {
  read: number;
  written: number;
}

export function registerExport(program: Command, context: CommandContext): void {
  program
    .command('export')
    .description('writes the events of a store as NDJSON, in order of sequence')
    .option('--consultation <id>', 'the events of one consultation only', consultationId)
    .option('--output <file>', 'where to; .gz and .zst are compressed; - is standard output', '-')
    .option('--data-dir <directory>', DATA_DIR_HELP)
    .addHelpText(
      'after',
      '\nAn export of all events can be imported into an empty directory. See docs/cli.md.',
    )
    .action((options: ExportOptions) => exportEvents(options, context));
}

async function exportEvents(options: ExportOptions, context: CommandContext): Promise<void> {
  const { output, consultation } = options;
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const unlisten = context.onStop((signal) => {
    stoppedBy = signal;
    stop.abort();
  });
  try {
    await withDirectory(dataDirOf(options.dataDir, context), async (reader) => {
      const counts: ExportCounts = { read: 0, written: 0 };
      const startMs = performance.now();
      const progress = startProgress({
        command: 'fi-consult export',
        stderr: context.stderr,
        total: () => reader.headSequence(),
        done: () => counts.read,
        text: () => `${counts.read} events, ${perSecond(counts.read, startMs)} events/s`,
      });
      const pieces = ndjsonOf(reader, consultation, counts);
      const { signal } = stop;
      try {
        if (output === '-') await writeToStdout(pieces, { stdout: context.stdout, signal });
        else await writeToFile(pieces, output, signal);
      } finally {
        progress.stop();
      }
    });
  } catch (error) {
    if (stoppedBy === undefined) throw error;
    throw new CommandError(`stopped by ${stoppedBy}; the export is not complete`, STOP_EXIT_CODES[stoppedBy]);
  } finally {
    unlisten();
  }
}

/** Lines of whole batches. CONSULTATION_NOT_FOUND at the end if a consultation has no event. */
async function* ndjsonOf(
  reader: DirectoryReader,
  consultation: string | undefined,
  counts: ExportCounts,
): AsyncGenerator<Buffer> {
  const id = consultation === undefined ? undefined : uuidBytes(consultation);
  for await (const links of readAhead(reader.scan(1))) {
    const wanted =
      id === undefined
        ? links
        : links.filter(({ link }) => new LinkView(link).consultationIdBytes.equals(id));
    counts.read += links.length;
    counts.written += wanted.length;
    if (wanted.length > 0) yield ndjson(wanted);
  }
  if (id !== undefined && counts.written === 0) {
    throw new CodedError('CONSULTATION_NOT_FOUND', `There is no consultation ${consultation} here.`);
  }
}

/** The same items; while one is worked on the next is being read, which for sealed segments is another thread. */
async function* readAhead<T>(items: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let next = items.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done) return;
      next = items.next();
      // Where it fails is known when it is awaited, if it ever is.
      next.catch(() => undefined);
      yield item.value;
    }
  } finally {
    await items.return();
  }
}

/** One line an event. */
export function ndjson(links: readonly SequencedLink[]): Buffer {
  let text = '';
  for (const link of links) text += `${eventJsonOfLink(link)}\n`;
  return Buffer.from(text);
}

function consultationId(text: string): string {
  if (isUuidV7(text)) return text;
  throw new InvalidArgumentError('It must be the id of a consultation, a UUIDv7 in lower case.');
}
