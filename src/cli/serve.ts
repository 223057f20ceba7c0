/** `fi-consult serve`: the service in one process, with its settings as flags. */
import { type Command, Option } from 'commander';
import { loadSettings } from '../ops/settings.js';
import { flagOf, SETTING_KEYS, SETTINGS, type Settings } from '../ops/settings-table.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import type { CommandContext } from './command-context.js';

type Flags = { [K in keyof Settings]?: string };

export function registerServe(program: Command, context: CommandContext): void {
  const command = program
    .command('serve')
    .description('serves the HTTP API over the store of a data directory, until SIGTERM or SIGINT')
    .addHelpText('after', '\nA flag wins over its environment variable. See docs/operating.md.');
  for (const key of SETTING_KEYS) {
    const { name, allowed, defaultText, description } = SETTINGS[key];
    const help = `${description} (${name}; ${allowed}; default: ${defaultText || 'none'})`;
    command.addOption(new Option(`${flagOf(key)} <value>`, help));
  }
  command.action(async (flags: Flags) => {
    const settings = loadSettings({ env: context.env, flags, parseCodec });
    // Loaded late: help texts and other commands do without HTTP, HDF5 and LMDB.
    const { serve } = await import('./service.js');
    await serve(settings, program.version() ?? '', context);
  });
}
