/** A store of this process that a signal or its own failure may end: opened, closed, and what is said of it. */
import type { Logger } from '../ops/logger.js';
import type { Settings } from '../ops/settings-table.js';
import type { StageTimers } from '../ops/stage-timers.js';
import type { LocalStore } from '../store/open-local-store.js';
import type { CommandContext } from './command-context.js';
import { CommandError } from './command-error.js';
import { openConfiguredStore } from './configured-store.js';
import type { StopReason } from './stop-reason.js';

export interface StoppableStoreParts {
  settings: Settings;
  logger: Logger;
  timers: StageTimers;
  reason: StopReason;
  context: CommandContext;
  /** What else a start has to do (LocalStoreOptions). */
  meanwhile?: () => Promise<void>;
}

/** Opens it. A signal that comes meanwhile ends the process at once, as a kill would: that is always safe. */
export async function openStoreUnlessStopped(parts: StoppableStoreParts): Promise<LocalStore> {
  const { settings, logger, timers, reason, context, meanwhile } = parts;
  const opening = openConfiguredStore(settings, { logger, timers, onFailed: reason.failed, meanwhile });
  await Promise.race([opening, reason.signalArrived]);
  if (reason.isSignalled) {
    logger.info('stopped before it listened');
    context.exitNow(0);
  }
  return opening;
}

/** Says of one that was closed whether everything is in HDF5. */
export async function logStopped(store: LocalStore, logger: Logger): Promise<void> {
  const { headSequence, details } = await store.health();
  const isInHdf5 = details.mirrored_sequence === headSequence;
  logger.info(
    isInHdf5 ? 'stopped; everything is in HDF5' : 'stopped; the newest events are in the journal only',
  );
}

/** The failure that stopped it, as the line that the command ends with. */
export function storeFailure(error: Error, logger: Logger): CommandError {
  logger.fatal({ err: error }, 'the store failed');
  return new CommandError(`${error.message} What was acknowledged is safe; start the service again.`, 1, {
    cause: error,
  });
}
