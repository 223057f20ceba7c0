/** The work of `fi-consult import`: opens the inputs and the target, shows how far it is, and says how it ended. */
import { readFile } from 'node:fs/promises';
import { CodedError } from '../domain/errors.js';
import type { CommandContext, StopSignal } from './command-context.js';
import { CommandError, errorLine, STOP_EXIT_CODES } from './command-error.js';
import type { ImportCounts } from './import-counts.js';
import { httpTarget, serviceUrl } from './import-http-target.js';
import { importInputs } from './import-inputs.js';
import { type ImportFailure, runImport } from './import-run.js';
import { type ImportTarget, storeTarget } from './import-target.js';
import { perSecond, startProgress } from './progress.js';

export interface ImportOptions {
  dataDir?: string;
  url?: string;
  credentials?: string;
  user: string;
  concurrency: number;
}

const RESUME_HINT = 'run the same command again to go on from here; nothing is written twice';

export async function importFiles(
  files: string[],
  options: ImportOptions,
  context: CommandContext,
): Promise<void> {
  if (options.url !== undefined && options.dataDir !== undefined) {
    throw new CommandError('--url and --data-dir exclude each other: name the service or the directory', 2);
  }
  const inputs = await importInputs(files, context.stdin);
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const unlisten = context.onStop((signal) => {
    stoppedBy = signal;
    context.stderr.write(`fi-consult import: ${signal}: finishing what is under way\n`);
    stop.abort();
  });
  const counts: ImportCounts = { bytes: 0, consultations: 0, eventsWritten: 0, eventsPresent: 0 };
  let failure: ImportFailure | undefined;
  try {
    const target = await openTarget(options, context, stop.signal);
    const startMs = performance.now();
    const progress = startProgress({
      command: 'fi-consult import',
      stderr: context.stderr,
      total: () => bytesOf(inputs),
      done: () => counts.bytes,
      text: () => {
        const { consultations, eventsWritten } = counts;
        const rate = perSecond(eventsWritten, startMs);
        return `${consultations} consultations, ${eventsWritten} events written, ${rate} events/s`;
      },
    });
    try {
      const { user, concurrency: atOnce } = options;
      failure = await runImport({
        inputs,
        target,
        userId: user,
        concurrency: atOnce,
        signal: stop.signal,
        counts,
      });
    } finally {
      progress.stop();
      await target.close();
    }
    context.stdout.write(`${summary(counts, startMs)}\n`);
  } finally {
    unlisten();
  }
  if (failure !== undefined) throw new CommandError(failureText(failure), 1, { cause: failure.error });
  if (stoppedBy !== undefined) {
    throw new CommandError(`stopped by ${stoppedBy}; ${RESUME_HINT}`, STOP_EXIT_CODES[stoppedBy]);
  }
}

async function openTarget(
  { url, dataDir, credentials: file }: ImportOptions,
  context: CommandContext,
  signal: AbortSignal,
): Promise<ImportTarget> {
  if (url !== undefined) {
    const credentials = file === undefined ? undefined : await credentialsIn(file);
    return httpTarget(serviceUrl(url), { signal, credentials });
  }
  const store = await context.openStore(dataDir).catch((error: unknown) => {
    if (!(error instanceof CodedError) || error.code !== 'DATA_DIR_LOCKED') throw error;
    throw new CommandError(`${errorLine(error)} A running service is imported into with --url.`, 1, {
      cause: error,
    });
  });
  return storeTarget(store, signal);
}

async function credentialsIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${file}: the credentials cannot be read (${cause.code})`, 1, { cause });
  });
  // It becomes a header, and what does not fit into one must not be shown.
  if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
  throw new CommandError(`${file}: there must be one API key or token in it, and nothing else`);
}

const failureText = ({ place, error }: ImportFailure): string =>
  `${place}: ${errorLine(error)}; what came before it is stored`;

/** The one line on standard output. */
function summary(counts: ImportCounts, startMs: number): string {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  return (
    `${counts.consultations} consultations, ${counts.eventsWritten} events written, ` +
    `${counts.eventsPresent} already there, ${seconds} s, ${perSecond(counts.eventsWritten, startMs)} events/s`
  );
}

function bytesOf(inputs: readonly { bytes: number | undefined }[]): number | undefined {
  let total = 0;
  for (const { bytes } of inputs) {
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}
