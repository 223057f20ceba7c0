/** The HTTP API of one process over a store, wherever that is, as the settings say. */
import type { Authenticator } from '../domain/access.js';
import { limits } from '../domain/limits.js';
import { Admission } from '../http/admission/admission.js';
import { buildApp } from '../http/app.js';
import { AppendBody } from '../http/schemas.js';
import { type HttpServer, startServer } from '../http/server.js';
import { precompile } from '../http/validation.js';
import type { Load } from '../ops/load.js';
import type { Logger } from '../ops/logger.js';
import { createMetrics, type Metrics } from '../ops/metrics.js';
import type { Settings } from '../ops/settings-table.js';
import type { StageTimers } from '../ops/stage-timers.js';
import type { EventStore } from '../store/event-store.js';

export interface HttpApiParts {
  settings: Settings;
  version: string;
  logger: Logger;
  timers: StageTimers;
  authenticator: Authenticator | undefined;
  store: EventStore;
  /** What waits for the store. */
  load: () => Load;
  /** How many processes share the store, this one included. */
  sharedBy?: () => number;
  /** Events that this process made durable. */
  appendedEvents: () => number;
  /** What GET /metrics shows, given the figures of this process. */
  shownMetrics?: (own: Metrics) => Metrics;
  /** How long a stop goes on serving open connections. */
  drainMs?: number;
}

/** Compiles what judges the bodies of appends, ahead of the routes that do. */
export function precompileBodies(): void {
  precompile(AppendBody);
}

export async function startHttpApi(parts: HttpApiParts): Promise<HttpServer> {
  const { settings, version, logger, timers, authenticator, store, load, appendedEvents } = parts;
  const { sharedBy = () => 1, shownMetrics = (own) => own, drainMs = 0 } = parts;
  const { allowedHosts, corsOrigins, queueEvents, queueMs, host, port } = settings;
  const admission = new Admission({
    // The bounds hold for all processes together: each has its share of them.
    get eventsMax() {
      return Math.ceil(queueEvents / sharedBy());
    },
    get bytesMax() {
      return Math.ceil(limits.queueBytesMax / sharedBy());
    },
    waitMs: queueMs,
    load,
  });
  const own = createMetrics({ timers, queue: () => admission.figures(), appendedEvents });
  const app = await buildApp({
    store,
    admission,
    metrics: shownMetrics(own),
    timers,
    logger,
    version,
    // Who is told to listen on a name is asked for under it.
    connections: { allowedHosts: [...allowedHosts, host], corsOrigins },
    authenticator,
    isAudited: settings.auth !== 'off' || settings.audit === 'on',
  });
  return startServer(app, { host, port, drainMs });
}
