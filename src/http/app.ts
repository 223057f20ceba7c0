/** The HTTP application: everything between a socket and the event store. */
import { randomBytes } from 'node:crypto';
import { type FastifyInstance, fastify } from 'fastify';
import { limits } from '../domain/limits.js';
import { contentCodings } from '../ops/content-codings.js';
import { guardRoutes } from './access.js';
import { AccessRecorder } from './access-recorder.js';
import { boundLargeBodies } from './admission/large-bodies.js';
import { guardAgainstOverload } from './admission/overload-gate.js';
import { serveApiDocs } from './api-docs.js';
import { compressAnswers } from './compression.js';
import type { AppContext } from './context.js';
import { answerClientError, errorHandlers } from './error-handlers.js';
import { methodRefusals } from './method-not-allowed.js';
import { createNodeServer, type NodeServerOptions } from './node-server.js';
import { OpenStreams, type StreamTimes } from './open-streams.js';
import { FrameworkLog, logsSlowRequests } from './request-log.js';
import { auditRoute } from './routes/audit.js';
import { batchRoute } from './routes/batch.js';
import { consultationListRoute } from './routes/consultation-list.js';
import { consultationRoutes } from './routes/consultations.js';
import { differenceRoute } from './routes/difference.js';
import { eventRoutes } from './routes/events.js';
import { feedRoute } from './routes/feed.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { oneEventRoute } from './routes/one-event.js';
import { streamRoute } from './routes/stream.js';
import { verifyRoute } from './routes/verify.js';
import { acceptStrictJson } from './strict-body.js';
import { compileValidator } from './validation.js';

export interface AppOptions extends AppContext {
  /** The version of the service, for its documentation. */
  version: string;
  /** Who may ask, and how slowly. */
  connections?: NodeServerOptions;
  streamTimes?: Partial<StreamTimes>;
  /** Whether access to consultations is recorded (FI_AUDIT). */
  isAudited?: boolean;
}

/**
 * Builds the application, ready for requests; server.ts gives it a socket. It does not own the store: closing
 * the application leaves the store open.
 */
export async function buildApp({
  version,
  connections = {},
  streamTimes,
  isAudited = false,
  ...context
}: AppOptions): Promise<FastifyInstance> {
  const { onError, onNotFound } = errorHandlers(context.logger, context.metrics);
  const app = fastify({
    logController: new FrameworkLog(context.logger),
    genReqId: requestIds(),
    requestIdHeader: false,
    trustProxy: false,
    bodyLimit: limits.bodyBytesMax,
    serverFactory: (listener) => createNodeServer(listener, connections),
    routerOptions: { maxParamLength: limits.pathParameterCharsMax, caseSensitive: true },
    // server.ts refuses requests during a stop, as a problem document.
    return503OnClosing: false,
    frameworkErrors: onError,
    clientErrorHandler: answerClientError,
  });
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(onError);
  app.setNotFoundHandler(onNotFound);
  app.addHook('onResponse', logsSlowRequests(context.logger));
  app.addHook('onRequest', boundLargeBodies());
  const codings = await contentCodings();
  acceptStrictJson(app, codings, context.admission);
  compressAnswers(app, codings);
  const { store, authenticator, logger } = context;
  const recorder = isAudited ? new AccessRecorder({ store, logger }) : undefined;
  // After the last request was answered, and before the store is closed.
  app.addHook('onClose', () => recorder?.close());
  guardRoutes(app, { store, authenticator, recorder });
  await serveApiDocs(app, version);
  const streams = new OpenStreams(context.metrics, context.logger, streamTimes);
  // Before the server waits for its connections.
  app.addHook('preClose', () => streams.close());
  const refuseOtherMethods = methodRefusals(app);
  for (const addRoutes of [
    consultationRoutes,
    consultationListRoute,
    differenceRoute,
    eventRoutes,
    streamRoute,
    batchRoute,
    feedRoute,
    oneEventRoute,
    verifyRoute,
    auditRoute,
    healthRoutes,
    metricsRoute,
  ])
    addRoutes(app, { ...context, streams });
  await app.after();
  refuseOtherMethods();
  await app.ready();
  guardAgainstOverload(app.server, context.admission, context.logger);
  return app;
}

/** Ids of requests, unique across restarts and processes: a random start and a count. */
function requestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
