/** Runs the store in a process of its own, for API workers in others (api-service.ts). */
import { setTimeout as delay } from 'node:timers/promises';
import { socketPath } from '../cluster/socket-path.js';
import { StoreServer } from '../cluster/store-server.js';
import { limits } from '../domain/limits.js';
import { NO_QUEUE } from '../ops/load.js';
import { createLogger } from '../ops/logger.js';
import { createMetrics } from '../ops/metrics.js';
import type { Settings } from '../ops/settings-table.js';
import { createStageTimers } from '../ops/stage-timers.js';
import type { CommandContext } from './command-context.js';
import { StopReason } from './stop-reason.js';
import { logStopped, openStoreUnlessStopped, storeFailure } from './stoppable-store.js';

/** Serves until SIGTERM or SIGINT. Throws what stops a start, or the failure that stopped the store. */
export async function serveStore(
  settings: Settings,
  version: string,
  context: CommandContext,
): Promise<void> {
  const startedMs = performance.now();
  const logger = createLogger({ level: settings.logLevel });
  const timers = createStageTimers();
  const reason = new StopReason();
  const unlisten = context.onStop(reason.signalled);
  try {
    const path = socketPath(settings.socket, settings.dataDir);
    const store = await openStoreUnlessStopped({ settings, logger, timers, reason, context });
    try {
      const { load, appendedEvents } = store;
      const metrics = createMetrics({ timers, queue: () => NO_QUEUE, appendedEvents });
      const figures = () => metrics.figures();
      const server = await StoreServer.listen({ store, path, version, logger, load, figures });
      const { headSequence } = await store.health();
      const startMs = Math.round(performance.now() - startedMs);
      logger.info({ socket: path, dataDir: settings.dataDir, headSequence, startMs }, 'listening');
      context.ready();
      await reason.arrived;
      logger.info(reason.failure === undefined ? 'stopping' : 'stopping after a failure');
      // Workers that are asked meanwhile say why (GET /health/ready).
      if (reason.failure !== undefined) await delay(limits.failureShownMs);
      await server.close();
    } finally {
      await store.close();
    }
    if (reason.failure !== undefined) throw storeFailure(reason.failure, logger);
    await logStopped(store, logger);
  } finally {
    unlisten();
  }
}
