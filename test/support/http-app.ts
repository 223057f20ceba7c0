/** The HTTP application on a store in memory, for tests: with its log lines kept, and closed at the end. */
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { Admission, type AdmissionOptions } from '../../src/http/admission/admission.js';
import { type AppOptions, buildApp } from '../../src/http/app.js';
import type { NodeServerOptions } from '../../src/http/node-server.js';
import type { StreamTimes } from '../../src/http/open-streams.js';
import type { Load } from '../../src/ops/load.js';
import { createLogger } from '../../src/ops/logger.js';
import { createMetrics, type Metrics } from '../../src/ops/metrics.js';
import { createStageTimers, type StageTimers } from '../../src/ops/stage-timers.js';
import {
  type MemoryEventStore,
  type MemoryEventStoreOptions,
  memoryEventStore,
} from './memory-event-store.js';
import { socketStore } from './socket-store.js';

export interface TestApp {
  app: FastifyInstance;
  store: MemoryEventStore;
  metrics: Metrics;
  admission: Admission;
  timers: StageTimers;
  /** What was logged, at the level `debug`, a line each. */
  logged: string[];
  /** Sends JSON (a string is sent as it is) and gives the answer. */
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** Starts a consultation and gives its id. */
  start(): Promise<string>;
}

/** Puts a Unix socket between the application and its store (test/cluster/http-suite.test.ts). */
export const BEHIND_SOCKET = 'CONSULT_TEST_BEHIND_SOCKET';
export const isBehindSocket = process.env[BEHIND_SOCKET] === 'yes';

const LOAD: Load = { events: 3, bytes: 1200, ageMs: 0, unindexed: 0, unindexedMax: 1000 };

export interface TestAppOptions
  extends MemoryEventStoreOptions,
    Pick<AppOptions, 'authenticator' | 'isAudited'> {}

export async function testApp(
  t: TestContext,
  options: TestAppOptions = {},
  connections: NodeServerOptions = {},
  streamTimes: Partial<StreamTimes> = {},
  queue: Partial<AdmissionOptions> = {},
): Promise<TestApp> {
  const { authenticator, isAudited = false } = options;
  const store = memoryEventStore(options);
  const remote = isBehindSocket ? await socketStore(store) : undefined;
  const timers = createStageTimers();
  const logged: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk));
      done();
    },
  });
  const admission = new Admission({
    eventsMax: 4096,
    bytesMax: 67_108_864,
    waitMs: 500,
    load: () => LOAD,
    ...queue,
  });
  const metrics = createMetrics({
    timers,
    appendedEvents: () => store.links.length,
    queue: () => admission.figures(),
  });
  const logger = createLogger({ level: 'debug', destination });
  const app = await buildApp({
    store: remote?.remote ?? store,
    admission,
    metrics,
    timers,
    logger,
    version: '1.2.3',
    connections,
    streamTimes,
    authenticator,
    isAudited,
  });
  t.after(async () => {
    await app.close();
    await remote?.close();
  });
  const post: TestApp['post'] = (url, body, headers = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    app,
    store,
    metrics,
    admission,
    timers,
    logged,
    post,
    get: (url, headers = {}) => app.inject({ url, headers }),
    async start() {
      const answer = await post('/consultations', { user_id: 'dr.rivera' });
      return answer.json<{ consultation_id: string }>().consultation_id;
    },
  };
}

/** A message, as a body of POST events. */
export function message(content = 'hello', more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_type: 'MESSAGE_RECEIVED',
    payload: { message_content: content, message_role: 'user' },
    user_id: 'dr.rivera',
    ...more,
  };
}
