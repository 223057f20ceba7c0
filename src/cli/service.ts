/** Runs the service in one process: builds its parts, serves until it has to stop, and stops gracefully. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Authenticator } from '../domain/access.js';
import { limits } from '../domain/limits.js';
import { Admission } from '../http/admission/admission.js';
import { buildApp } from '../http/app.js';
import { startServer } from '../http/server.js';
import { createLogger, type Logger } from '../ops/logger.js';
import { createMetrics } from '../ops/metrics.js';
import type { Settings } from '../ops/settings-table.js';
import { createStageTimers } from '../ops/stage-timers.js';
import type { CommandContext } from './command-context.js';
import { CommandError } from './command-error.js';
import { openConfiguredAccess } from './configured-access.js';
import { openConfiguredStore } from './configured-store.js';

/** What ends the service: a signal, or a store that can keep its promises no longer. */
class StopReason {
  /** Whatever ended it, a failure that came before, or came while it was stopping, is the one that counts. */
  failure: Error | undefined;
  isSignalled = false;
  private stop: () => void = () => {};
  private signal: () => void = () => {};
  readonly arrived = new Promise<void>((resolve) => {
    this.stop = resolve;
  });
  readonly signalArrived = new Promise<void>((resolve) => {
    this.signal = resolve;
  });

  signalled = (): void => {
    this.isSignalled = true;
    this.signal();
    this.stop();
  };
  failed = (error: Error): void => {
    this.failure ??= error;
    this.stop();
  };
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
    const opening = openConfiguredStore(settings, { logger, timers, onFailed: reason.failed });
    await Promise.race([opening, reason.signalArrived]);
    if (reason.isSignalled) {
      logger.info('stopped before it listened');
      context.exitNow(0);
    }
    const store = await opening;
    const storeMs = Math.round(performance.now() - startedMs);
    try {
      const { load, appendedEvents } = store;
      const isAudited = settings.auth !== 'off' || settings.audit === 'on';
      const { allowedHosts, corsOrigins, queueEvents, queueMs } = settings;
      const queueLimits = { eventsMax: queueEvents, bytesMax: limits.queueBytesMax, waitMs: queueMs };
      const admission = new Admission({ ...queueLimits, load });
      const metrics = createMetrics({ timers, queue: () => admission.figures(), appendedEvents });
      // Who is told to listen on a name is asked for under it.
      const connections = { allowedHosts: [...allowedHosts, settings.host], corsOrigins };
      const app = await buildApp({
        store,
        admission,
        metrics,
        timers,
        logger,
        version,
        connections,
        authenticator,
        isAudited,
      });
      const server = await startServer(app, settings);
      const { headSequence } = store.health();
      const startMs = Math.round(performance.now() - startedMs);
      const { dataDir } = settings;
      logger.info({ url: server.url, dataDir, headSequence, storeMs, startMs }, 'listening');
      await reason.arrived;
      logger.info(reason.failure === undefined ? 'stopping' : 'stopping after a failure');
      // Whoever asks meanwhile is told why (GET /health/ready), before nobody answers any more.
      if (reason.failure !== undefined) await delay(limits.failureShownMs);
      await server.close();
    } finally {
      await store.close();
    }
    if (reason.failure !== undefined) throw failureOf(reason.failure, logger);
    const { headSequence, details } = store.health();
    const isInHdf5 = details.mirrored_sequence === headSequence;
    logger.info(
      isInHdf5 ? 'stopped; everything is in HDF5' : 'stopped; the newest events are in the journal only',
    );
  } finally {
    await authenticator?.close();
    unlisten();
  }
}

function failureOf(error: Error, logger: Logger): CommandError {
  logger.fatal({ err: error }, 'the store failed');
  return new CommandError(`${error.message} What was acknowledged is safe; start the service again.`, 1, {
    cause: error,
  });
}
