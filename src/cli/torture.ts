/** `fi-consult torture`: the real service under kill -9, a full disk, flipped bytes and restarts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { limits } from '../domain/limits.js';
import type { CommandContext, StopSignal } from './command-context.js';
import { CommandError, STOP_EXIT_CODES } from './command-error.js';
import { startProgress } from './progress.js';
import type { Figures } from './torture/figures.js';
import type { ReportOptions } from './torture/report.js';
import type { TortureResult } from './torture/run-torture.js';

interface TortureFlags {
  minutes: number;
  seed?: number;
  clients: number;
  scratch: string;
  output?: string;
  json?: true;
}

const MINUTES_DEFAULT = 1;
const CLIENTS_DEFAULT = 8;

export function registerTorture(program: Command, context: CommandContext): void {
  program
    .command('torture')
    .description('runs the service under kill -9, a full disk, flipped bytes and restarts, and reports')
    .option('--minutes <number>', 'how long; one round of each kind is always run', minutes, MINUTES_DEFAULT)
    .option('--seed <number>', 'what is done and said; another one each time by default', wholeNumber)
    .option('--clients <number>', 'clients that append at the same time', clientCount, CLIENTS_DEFAULT)
    .option('--scratch <directory>', 'where its files go, which is the disk that is tried', tmpdir())
    .option('--output <file>', 'the report as JSON, beside what is shown')
    .option('--json', 'answer with one JSON object')
    .addHelpText(
      'after',
      '\nIt starts services of its own, on free ports of the loopback interface, in a directory that it makes and' +
        '\nremoves. No other process and no other data directory is touched. Exit code 1, and the directory is kept,' +
        '\nif anything that was acknowledged is lost, changed, or in another place. See docs/cli.md.',
    )
    .action((flags: TortureFlags) => torture(flags, context));
}

async function torture(flags: TortureFlags, context: CommandContext): Promise<void> {
  // Loaded late: help texts and other commands do without it.
  const { runTorture } = await import('./torture/run-torture.js');
  const { isPassed, reportJson, reportText } = await import('./torture/report.js');
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const unlisten = context.onStop((signal) => {
    stoppedBy = signal;
    stop.abort();
  });
  const durationMs = flags.minutes * 60_000;
  let scratch: string;
  let result: TortureResult;
  const progress = showProgress(context, durationMs);
  try {
    scratch = await scratchDirectory(flags.scratch);
    const { clients } = flags;
    const { signal } = stop;
    const onStart = progress.show;
    result = await runTorture({ scratch, durationMs, seed, clients, signal, onStart });
  } finally {
    progress.stop();
    unlisten();
  }
  const options: ReportOptions = { seed, minutes: flags.minutes, isStopped: stoppedBy !== undefined };
  const json = `${JSON.stringify(reportJson(result, options), null, 2)}\n`;
  if (flags.output !== undefined) await writeFile(flags.output, json);
  context.stdout.write(flags.json ? json : `${reportText(result, options)}\n`);
  if (!isPassed(result)) throw new CommandError(failureText(result, seed, scratch));
  await rm(scratch, { recursive: true, force: true });
  if (stoppedBy !== undefined) {
    throw new CommandError(
      `stopped by ${stoppedBy}; until then nothing was lost`,
      STOP_EXIT_CODES[stoppedBy],
    );
  }
  if (!flags.json) context.stdout.write('Passed: nothing that was acknowledged was lost or changed.\n');
}

async function scratchDirectory(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, 'fi-consult-torture-'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`${parent}: no directory can be made there (${code})`, 1, { cause });
  }
}

function showProgress(context: CommandContext, durationMs: number) {
  const startedMs = performance.now();
  let figures: Readonly<Figures> | undefined;
  const seconds = (ms: number): number => Math.round(ms / 1000);
  const progress = startProgress({
    command: 'fi-consult torture',
    stderr: context.stderr,
    total: () => seconds(durationMs),
    done: () => seconds(performance.now() - startedMs),
    text: () => {
      if (figures === undefined) return 'starting';
      const { kills, killsWhileStarting, fullDisks, flips, eventsChecked } = figures;
      return `${kills + killsWhileStarting} crashes, ${fullDisks} full disks, ${flips} flips, ${eventsChecked} events checked`;
    },
  });
  return {
    show: (now: Readonly<Figures>): void => {
      figures = now;
    },
    stop: () => progress.stop(),
  };
}

function failureText({ findings }: TortureResult, seed: number, scratch: string): string {
  return `FAILED, ${findings.total} findings with seed ${seed}: ${findings.texts.join('; ')}; the files are kept in ${scratch}`;
}

function minutes(text: string): number {
  const number = Number(text);
  if (text !== '' && number > 0 && number <= limits.tortureMinutesMax) return number;
  throw new InvalidArgumentError(`It must be a number above 0 and up to ${limits.tortureMinutesMax}.`);
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

function clientCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= limits.tortureClientsMax) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${limits.tortureClientsMax}.`);
}
