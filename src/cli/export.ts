/** `fi-consult export`: the events of a store as NDJSON, in order of sequence. */
import { type Command, InvalidArgumentError } from 'commander';
import { CodedError } from '../domain/errors.js';
import { EventLines } from '../domain/event-lines.js';
import { isOfConsultation } from '../domain/packed-links.js';
import { isUuidV7, uuidBytes } from '../domain/uuid.js';
import type { DirectoryReader } from '../store/directory-reader.js';
import type { CommandContext, StopSignal } from './command-context.js';
import { CommandError, STOP_EXIT_CODES } from './command-error.js';
import { writeToFile, writeToStdout } from './output.js';
import { perSecond, startProgress } from './progress.js';
import { DATA_DIR_HELP, dataDirOf, withDirectory } from './read-directory.js';

interface ExportOptions {
  consultation?: string;
  output: string;
  dataDir?: string;
}

/** Batches that are read while one is written: as a segment ends, the next one is being opened meanwhile. */
const BATCHES_AHEAD = 4;
/** What a line has beside what is stored, about: names, and ids and hashes as text. */
const LINE_BYTES = 420;

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
      const lines = new EventLines();
      const pieces = ndjsonOf(reader, consultation, lines, counts);
      const { signal } = stop;
      try {
        if (output === '-') await writeToStdout(pieces, { stdout: context.stdout, signal });
        else await writeToFile(pieces, output, signal, (piece) => lines.reuse(piece));
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
  lines: EventLines,
  counts: ExportCounts,
): AsyncGenerator<Buffer> {
  const id = consultation === undefined ? undefined : uuidBytes(consultation);
  for await (const pack of readAhead(reader.scanPacked(1), BATCHES_AHEAD)) {
    const count = pack.ends.length;
    lines.start(id === undefined ? pack.bytes.length + count * LINE_BYTES : 0);
    for (let index = 0; index < count; index += 1) {
      if (id !== undefined && !isOfConsultation(pack, index, id)) continue;
      lines.add(pack, index, pack.firstSequence + index);
      counts.written += 1;
    }
    counts.read += count;
    if (lines.bytes > 0) yield lines.taken();
  }
  if (id !== undefined && counts.written === 0) {
    throw new CodedError('CONSULTATION_NOT_FOUND', `There is no consultation ${consultation} here.`);
  }
}

/** The same items; while one is worked on `ahead` others are being read, which for sealed segments is another thread. */
async function* readAhead<T>(items: AsyncGenerator<T, void>, ahead: number): AsyncGenerator<T, void> {
  const asked: Promise<IteratorResult<T, void>>[] = [];
  try {
    for (;;) {
      while (asked.length <= ahead) {
        const next = items.next();
        // Where it fails is known when it is awaited, if it ever is.
        next.catch(() => undefined);
        asked.push(next);
      }
      const item = await (asked.shift() as Promise<IteratorResult<T, void>>);
      if (item.done) return;
      yield item.value;
    }
  } finally {
    await items.return();
  }
}

function consultationId(text: string): string {
  if (isUuidV7(text)) return text;
  throw new InvalidArgumentError('It must be the id of a consultation, a UUIDv7 in lower case.');
}
