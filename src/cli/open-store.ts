/** Opens the store of a data directory for one command, with the settings that a service there would have. */
import { loadSettings } from '../ops/settings.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import type { LocalStore } from '../store/open-local-store.js';

export interface OpenStoreOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** `--data-dir`; without it FI_DATA_DIR or its default holds. */
  dataDir: string | undefined;
  /** Where the store logs to; standard output is for what a command answers. */
  logTo: { write(line: string): unknown };
  /** The store can keep its promises no longer: the process must end. */
  onFailed: (error: Error) => void;
}

/** Throws the CodedErrors that stop the start of a service: INVALID_SETTINGS, DATA_DIR_LOCKED, LOG_DAMAGED... */
export async function openStore({ env, dataDir, logTo, onFailed }: OpenStoreOptions): Promise<LocalStore> {
  // A command says itself what matters of its course; of the store it shows what went wrong, unless told.
  const settings = loadSettings({ env: { FI_LOG_LEVEL: 'warn', ...env }, flags: { dataDir }, parseCodec });
  // Loaded late: it brings HDF5, LMDB and pino, which help texts and imports into a service do without.
  const [{ createLogger }, { openConfiguredStore }] = await Promise.all([
    import('../ops/logger.js'),
    import('./configured-store.js'),
  ]);
  const logger = createLogger({
    level: settings.logLevel,
    destination: { write: (line) => void logTo.write(line) },
  });
  return openConfiguredStore(settings, { logger, onFailed });
}
