/** Runs the service in one process: builds its parts, serves until it has to stop, and stops gracefully. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Authenticator } from '../domain/access.js';
import { limits } from '../domain/limits.js';
import { createLogger } from '../ops/logger.js';
import type { Settings } from '../ops/settings-table.js';
import { createStageTimers } from '../ops/stage-timers.js';
import type { CommandContext } from './command-context.js';
import { openConfiguredAccess } from './configured-access.js';
import { StopReason } from './stop-reason.js';
import { logStopped, openStoreUnlessStopped, storeFailure } from './stoppable-store.js';

/** Loaded while the threads of the store load their code. */
const loadHttpApi = () => import('./http-api.js');

/** The long part of building the API that needs no store. */
async function prepareHttpApi(): Promise<void> {
  const { precompileBodies } = await loadHttpApi();
  precompileBodies();
}

/**
 * Serves until SIGTERM or SIGINT. Throws what stops a start, or the failure that stopped the service. A signal
 * that comes while the store is being opened ends the process at once, as a kill would: that is always safe.
 */
export async function serve(settings: Settings, version: string, context: CommandContext): Promise<void> {
  const startedMs = performance.now();
  const logger = createLogger({ level: settings.logLevel });
  const timers = createStageTimers();
  const reason = new StopReason();
  const unlisten = context.onStop(reason.signalled);
  let authenticator: Authenticator | undefined;
  try {
    authenticator = await openConfiguredAccess(settings, logger);
    const opening = { settings, logger, timers, reason, context, meanwhile: prepareHttpApi };
    const store = await openStoreUnlessStopped(opening);
    const storeMs = Math.round(performance.now() - startedMs);
    try {
      const { load, appendedEvents } = store;
      const parts = { settings, version, logger, timers, authenticator, store, load, appendedEvents };
      const { startHttpApi } = await loadHttpApi();
      const server = await startHttpApi(parts);
      const { headSequence } = await store.health();
      const startMs = Math.round(performance.now() - startedMs);
      const { dataDir } = settings;
      logger.info({ url: server.url, dataDir, headSequence, storeMs, startMs }, 'listening');
      context.ready();
      await reason.arrived;
      logger.info(reason.failure === undefined ? 'stopping' : 'stopping after a failure');
      // Whoever asks meanwhile is told why (GET /health/ready), before nobody answers any more.
      if (reason.failure !== undefined) await delay(limits.failureShownMs);
      await server.close();
    } finally {
      await store.close();
    }
    if (reason.failure !== undefined) throw storeFailure(reason.failure, logger);
    await logStopped(store, logger);
  } finally {
    await authenticator?.close();
    unlisten();
  }
}
