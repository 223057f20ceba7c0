/** The commands that serve, with the settings as flags: all in one process, or the store and its workers apart. */
import { type Command, Option } from 'commander';
import { loadSettings } from '../ops/settings.js';
import { flagOf, SETTING_KEYS, SETTINGS, type Settings } from '../ops/settings-table.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import type { CommandContext } from './command-context.js';

type Flags = { [K in keyof Settings]?: string };
type Serve = (settings: Settings, version: string, context: CommandContext) => Promise<void>;

interface ServeCommand {
  name: string;
  description: string;
  /** Loaded late: help texts and other commands do without HTTP, HDF5 and LMDB. */
  load: () => Promise<Serve>;
}

const COMMANDS: readonly ServeCommand[] = [
  {
    name: 'serve',
    description: 'serves the HTTP API over the store of a data directory, until SIGTERM or SIGINT',
    load: async () => (await import('./service.js')).serve,
  },
  {
    name: 'store',
    description: 'serves the store of a data directory to API workers, over a Unix socket',
    load: async () => (await import('./store-service.js')).serveStore,
  },
  {
    name: 'api',
    description: 'serves the HTTP API over a store in another process (fi-consult store)',
    load: async () => (await import('./api-service.js')).serveApi,
  },
];

export function registerServe(program: Command, context: CommandContext): void {
  for (const { name, description, load } of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .addHelpText('after', '\nA flag wins over its environment variable. See docs/operating.md.');
    for (const key of SETTING_KEYS) {
      const { name: variable, allowed, defaultText, description: meaning } = SETTINGS[key];
      const help = `${meaning} (${variable}; ${allowed}; default: ${defaultText || 'none'})`;
      command.addOption(new Option(`${flagOf(key)} <value>`, help));
    }
    command.action(async (flags: Flags) => {
      const settings = loadSettings({ env: context.env, flags, parseCodec });
      const serve = await load();
      await serve(settings, program.version() ?? '', context);
    });
  }
}
