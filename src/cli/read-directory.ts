/** Opens the data directory that a command only reads, which a service may own. */
import { loadSettings } from '../ops/settings.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import { DirectoryReader } from '../store/directory-reader.js';
import type { CommandContext } from './command-context.js';
import { CommandError } from './command-error.js';

/** What `--data-dir` is, for the help of such a command. */
export const DATA_DIR_HELP = 'store to read, which a service may have open (default: as settings say)';

/** `--data-dir`, or what the settings say. */
export function dataDirOf(option: string | undefined, { env }: CommandContext): string {
  return loadSettings({ env, flags: { dataDir: option }, parseCodec }).dataDir;
}

/** Runs `work` on a directory; a CommandError if there is no store in it. */
export async function withDirectory<T>(
  dataDir: string,
  work: (reader: DirectoryReader) => Promise<T>,
): Promise<T> {
  const reader = new DirectoryReader(dataDir);
  try {
    if (!(await reader.exists())) {
      throw new CommandError(`${dataDir}: there is no store here; name its directory with --data-dir`);
    }
    return await work(reader);
  } finally {
    await reader.close();
  }
}
