/**
 * The service in the process that measures it, with stages that can be made slower: the real routes on a socket, the
 * real store, the real disk. One request at a time, so that no stage waits for another request.
 */
import { openConfiguredStore } from '../../src/cli/configured-store.js';
import { limits } from '../../src/domain/limits.js';
import { Admission } from '../../src/http/admission/admission.js';
import { buildApp } from '../../src/http/app.js';
import { startServer } from '../../src/http/server.js';
import { createLogger } from '../../src/ops/logger.js';
import { createMetrics } from '../../src/ops/metrics.js';
import { loadSettings } from '../../src/ops/settings.js';
import { createStageTimers, STAGES, type Stage, type StageTimers } from '../../src/ops/stage-timers.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { HttpConnection } from '../harness/http-connection.js';
import { newConsultations } from '../harness/service-under-test.js';
import { appendBodies, appendRequests } from '../support/append-requests.js';
import type { Sample } from '../verdicts/comparison.js';
import { slowedTimers } from './slowed-timers.js';

const CONSULTATIONS = 64;

export interface Subject {
  /** Appends so many events, one after another: seconds an append, by stage. Throws if one is not stored. */
  block(appends: number): Promise<Sample>;
  /** From now on the stage takes longer by this share of its own time. */
  slow(stage: Stage, share: number): void;
  close(): Promise<void>;
}

/** Starts it on an empty directory. */
export async function startSubject(dataDir: string, seed: number): Promise<Subject> {
  const timers = slowedTimers(createStageTimers());
  const { url, close } = await serveHere(dataDir, timers);
  const request = appendRequests(await newConsultations(url, CONSULTATIONS), await appendBodies([], seed));
  let fail: (error: Error) => void = () => undefined;
  const connection = await HttpConnection.open(url, (error) => fail(error));
  let sent = 0;
  const append = (): Promise<void> =>
    new Promise((resolve, reject) => {
      fail = reject;
      connection.send(request(sent), (status) => {
        if (status === 201) resolve();
        else reject(new Error(`an append was answered with ${status}`));
      });
      sent += 1;
    });
  return {
    slow: timers.slow,
    async block(appends) {
      const before = totals(timers);
      for (let count = 0; count < appends; count += 1) await append();
      const after = totals(timers);
      return Object.fromEntries(
        STAGES.map((stage) => {
          const [from, to] = [before[stage], after[stage]];
          return [stage, (to.sum - from.sum) / (to.count - from.count)];
        }),
      );
    },
    async close() {
      connection.close();
      await close();
    },
  };
}

function totals(timers: StageTimers): Record<Stage, { sum: number; count: number }> {
  const entries = STAGES.map((stage) => [stage, timers.summary(stage)]);
  return Object.fromEntries(entries) as Record<Stage, { sum: number; count: number }>;
}

/** As `fi-consult serve` does it, but for the timers. */
async function serveHere(
  dataDir: string,
  timers: StageTimers,
): Promise<{ url: string; close: () => Promise<void> }> {
  const settings = loadSettings({ env: {}, flags: { dataDir, port: '0', logLevel: 'error' }, parseCodec });
  const logger = createLogger({ level: settings.logLevel });
  const onFailed = (error: Error): void => {
    throw error;
  };
  const store = await openConfiguredStore(settings, { logger, timers, onFailed });
  const { load, appendedEvents } = store;
  const { queueEvents: eventsMax, queueMs: waitMs } = settings;
  const admission = new Admission({ eventsMax, bytesMax: limits.queueBytesMax, waitMs, load });
  const metrics = createMetrics({ timers, queue: () => admission.figures(), appendedEvents });
  const app = await buildApp({ store, admission, metrics, timers, logger, version: 'selftest' });
  const server = await startServer(app, settings);
  return {
    url: server.url,
    async close() {
      await server.close();
      await store.close();
    },
  };
}
