/** Runs an API worker: the HTTP API in a process that keeps no data and reaches the store over its socket. */
import { clusterMetrics } from '../cluster/cluster-metrics.js';
import { RemoteEventStore } from '../cluster/remote-event-store.js';
import { socketPath } from '../cluster/socket-path.js';
import type { Authenticator } from '../domain/access.js';
import { limits } from '../domain/limits.js';
import { createLogger } from '../ops/logger.js';
import type { Metrics } from '../ops/metrics.js';
import type { Settings } from '../ops/settings-table.js';
import { createStageTimers } from '../ops/stage-timers.js';
import type { CommandContext } from './command-context.js';
import { openConfiguredAccess } from './configured-access.js';
import { startHttpApi } from './http-api.js';
import { StopReason } from './stop-reason.js';

/**
 * Serves until SIGTERM or SIGINT; listens once the store was reached. A store that goes away later does not end it.
 * Throws what stops a start, and STORE_VERSION_DIFFERS when the store is one of another version.
 */
export async function serveApi(settings: Settings, version: string, context: CommandContext): Promise<void> {
  const startedMs = performance.now();
  const logger = createLogger({ level: settings.logLevel });
  const timers = createStageTimers();
  const reason = new StopReason();
  const unlisten = context.onStop(reason.signalled);
  let authenticator: Authenticator | undefined;
  let own: Metrics | undefined;
  try {
    authenticator = await openConfiguredAccess(settings, logger);
    const path = socketPath(settings.socket, settings.dataDir);
    const connecting = RemoteEventStore.connect({
      path,
      version,
      logger,
      onRefused: reason.failed,
      figures: async () => own?.figures(),
    });
    logger.info({ path }, 'waiting for the store');
    const store = await Promise.race([connecting, reason.arrived]);
    if (store === undefined) {
      if (reason.failure !== undefined) throw reason.failure;
      logger.info('stopped before it listened');
      context.exitNow(0);
    }
    try {
      const server = await startHttpApi({
        settings,
        version,
        logger,
        timers,
        authenticator,
        store,
        load: () => store.load(),
        sharedBy: () => store.workers,
        // The store's process counts them.
        appendedEvents: () => 0,
        shownMetrics(metrics) {
          own = metrics;
          return clusterMetrics(metrics, store);
        },
        drainMs: limits.drainMs,
      });
      const startMs = Math.round(performance.now() - startedMs);
      logger.info({ url: server.url, store: path, startMs }, 'listening');
      context.ready();
      await reason.arrived;
      logger.info('stopping');
      await server.close();
    } finally {
      await store.close();
    }
    if (reason.failure !== undefined) throw reason.failure;
    logger.info('stopped');
  } finally {
    await authenticator?.close();
    unlisten();
  }
}
