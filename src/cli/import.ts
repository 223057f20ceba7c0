/** `fi-consult import`: NDJSON of transcribed consultations into a store or a running service. */
import { type Command, InvalidArgumentError } from 'commander';
import { limits } from '../domain/limits.js';
import { isPlainText } from '../domain/plain-text.js';
import type { CommandContext } from './command-context.js';
import type { ImportOptions } from './import-files.js';

const CONCURRENCY_DEFAULT = 16;

export function registerImport(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('writes transcribed consultations (NDJSON, one a line) into a store or a running service')
    .argument('<file...>', 'files to read; - is standard input')
    .option(
      '--data-dir <directory>',
      'store to write into, which no service may have open (default: as settings say)',
    )
    .option('--url <address>', 'running service to write into, such as http://127.0.0.1:7001')
    .option(
      '--credentials <file>',
      'file with the API key or token for --url; a flag with the key itself would show in lists of processes',
    )
    .option('--user <name>', 'user_id that the events get', userId, 'import')
    .option('--concurrency <number>', 'consultations sent at the same time', concurrency, CONCURRENCY_DEFAULT)
    .addHelpText(
      'after',
      '\nIds are computed from what a line holds: importing it again, after an interruption or by mistake,' +
        '\nwrites only what is missing. See docs/cli.md for the input and what becomes of it.',
    )
    .action(async (files: string[], options: ImportOptions) => {
      // Loaded late: it brings the schemas of payloads, hundreds of files that other commands do without.
      const { importFiles } = await import('./import-files.js');
      await importFiles(files, options, context);
    });
}

function userId(text: string): string {
  if (text.length >= 1 && text.length <= limits.userIdCharsMax && isPlainText(text)) return text;
  throw new InvalidArgumentError(
    `It must have 1 to ${limits.userIdCharsMax} characters, and no control characters.`,
  );
}

function concurrency(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= limits.importConcurrencyMax) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${limits.importConcurrencyMax}.`);
}
