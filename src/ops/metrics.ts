/**
 * The service's figures, as Prometheus text and as JSON.
 *
 * Everything is read when somebody asks: the stages from their histograms, the queue and the count of events
 * through callbacks. Nothing here is on the path of a request but the count of refused appends.
 */
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import { joinedQueues, type QueueFigures } from './load.js';
import { createStageTimers, STAGES, type Stage, type StageCounts, type StageTimers } from './stage-timers.js';

export interface MetricSources {
  timers: StageTimers;
  /** Events made durable since the process started. */
  appendedEvents: () => number;
  queue: () => QueueFigures;
}

export type MetricsJson = Record<string, unknown>;

/** The figures of one process as plain data, to be joined with those of others. */
export interface ProcessFigures {
  metrics: MetricObjectWithValues<MetricValue<string>>[];
  stages: StageCounts;
  queue: QueueFigures;
}

export interface Metrics {
  /** The media type of `text`. */
  readonly contentType: string;
  text(): Promise<string>;
  /** The same figures by name; times are in seconds. */
  json(): Promise<MetricsJson>;
  figures(): Promise<ProcessFigures>;
  /** Counts an append that storage refused. `errorType` is an error's code. */
  countPersistError(errorType: string): void;
  /** A client is sent events as they come, in this media type. */
  streamOpened(mediaType: string): void;
  streamClosed(mediaType: string): void;
  /** A client was too slow for what it was sent. */
  countDroppedStream(reason: string): void;
}

const LATENCY = 'fi_ingest_latency_seconds';
/** Bounds in seconds: 50 µs is a hash, 10 s is far past every budget. */
export const LATENCY_BOUNDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Makes the figures of a process, with those of Node itself. */
export function createMetrics({ timers, appendedEvents, queue }: MetricSources): Metrics {
  const registry = new Registry();
  registry.registerMetric(latencyMetric(timers));
  new Counter({
    name: 'fi_events_appended_total',
    help: 'Events made durable since the process started.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(appendedEvents());
    },
  });
  new Gauge({
    name: 'fi_buffer_size',
    help: 'Requests waiting to be worked on, and events waiting for stable storage.',
    registers: [registry],
    collect() {
      this.set(queue().events);
    },
  });
  new Gauge({
    name: 'fi_queue_age_seconds',
    help: 'How long the oldest of them has waited.',
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.set(queue().ageMs / 1000);
    },
  });
  registerAdmission(registry, queue);
  const persistErrors = new Counter({
    name: 'fi_persist_errors_total',
    help: 'Appends that storage refused, by error code.',
    labelNames: ['error_type'],
    registers: [registry],
  });
  const streams = new Gauge({
    name: 'fi_streams_open',
    help: 'Clients that are sent events as they come, by media type.',
    labelNames: ['media_type'],
    registers: [registry],
  });
  const droppedStreams = new Counter({
    name: 'fi_streams_dropped_total',
    help: 'Clients that were too slow for the events they were sent, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    json: () => registryJson(registry, timers, queue()),
    figures: async () => ({
      metrics: await registry.getMetricsAsJSON(),
      stages: timers.counts(),
      queue: queue(),
    }),
    countPersistError: (errorType) => persistErrors.inc({ error_type: errorType }),
    streamOpened: (mediaType) => streams.inc({ media_type: mediaType }),
    streamClosed: (mediaType) => streams.dec({ media_type: mediaType }),
    countDroppedStream: (reason) => droppedStreams.inc({ reason }),
  };
}

/** Figures that belong to no one process, by name: the help text and the value of each. */
export type CommonGauges = Readonly<Record<string, { help: string; value: number }>>;

/** The figures of several processes as one, in both forms. What says nothing of a sum (start times) is left out. */
export function joinedMetrics(
  processes: readonly ProcessFigures[],
  common: CommonGauges,
): Pick<Metrics, 'text' | 'json'> {
  const registry = AggregatorRegistry.aggregate(processes.map(({ metrics }) => metrics));
  for (const [name, { help, value }] of Object.entries(common)) {
    new Gauge({ name, help, registers: [registry] }).set(value);
  }
  return {
    text: () => registry.metrics(),
    json() {
      const timers = createStageTimers();
      for (const { stages } of processes) timers.add(stages);
      return registryJson(registry, timers, joinedQueues(processes.map(({ queue }) => queue)));
    },
  };
}

async function registryJson(
  registry: Pick<Registry, 'getMetricsAsJSON'>,
  timers: StageTimers,
  queue: QueueFigures,
): Promise<MetricsJson> {
  const figures: MetricsJson = {};
  for (const { name, values } of await registry.getMetricsAsJSON()) figures[name] = valuesJson(values);
  return { ...figures, [LATENCY]: latencyJson(timers), queue: queueJson(queue) };
}

/** What became of the requests that store something, by their priority. */
function registerAdmission(registry: Registry, queue: () => QueueFigures): void {
  const counter = (name: string, help: string, labelNames: string[], collect: (counter: Counter) => void) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });
  counter('fi_requests_received_total', 'Requests to store something.', ['priority'], (total) => {
    for (const [priority, count] of Object.entries(queue().received)) total.inc({ priority }, count);
  });
  counter('fi_requests_accepted_total', 'Those that were worked on.', ['priority'], (total) => {
    for (const [priority, count] of Object.entries(queue().accepted)) total.inc({ priority }, count);
  });
  const reasons = 'Those that were dropped before any work: no room, or too long a wait.';
  counter('fi_requests_dropped_total', reasons, ['priority', 'reason'], (total) => {
    for (const [priority, counts] of Object.entries(queue().dropped)) {
      for (const [reason, count] of Object.entries(counts)) total.inc({ priority, reason }, count);
    }
  });
}

/**
 * A Prometheus histogram made from the timers at the time of the scrape.
 *
 * The registry asks a metric for nothing but its name, help, type and `get`, yet its type names the library's own
 * classes, none of which can be fed with counts that were made elsewhere: hence the cast.
 */
function latencyMetric(timers: StageTimers): Metric {
  const metric = {
    name: LATENCY,
    help: 'Time of each stage of an append, and of the whole request.',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: STAGES.flatMap((stage) => stageValues(timers, stage)) }),
  };
  return metric as unknown as Metric;
}

function stageValues(timers: StageTimers, stage: Stage): object[] {
  const { count, sum, atMost } = timers.summary(stage, LATENCY_BOUNDS);
  const bucket = (le: number | string, value: number): object => ({
    metricName: `${LATENCY}_bucket`,
    labels: { le, stage },
    value,
  });
  return [
    ...LATENCY_BOUNDS.map((bound, index) => bucket(bound, atMost[index] as number)),
    bucket('+Inf', count),
    { metricName: `${LATENCY}_sum`, labels: { stage }, value: sum },
    { metricName: `${LATENCY}_count`, labels: { stage }, value: count },
  ];
}

function latencyJson(timers: StageTimers): Record<string, object> {
  return Object.fromEntries(
    STAGES.map((stage) => {
      const { p50, p95, p99, mean, count } = timers.summary(stage);
      return [stage, { p50, p95, p99, mean, count }];
    }),
  );
}

function queueJson(figures: QueueFigures): Record<string, unknown> {
  const { events, eventsMax, bytes, bytesMax, ageMs, received, accepted, dropped } = figures;
  return {
    events,
    events_max: eventsMax,
    bytes,
    bytes_max: bytesMax,
    age_seconds: ageMs / 1000,
    received,
    accepted,
    dropped,
  };
}

/** One number for a metric without labels, otherwise its values with their labels. */
function valuesJson(values: readonly { value: number; labels: object }[]): unknown {
  const [first] = values;
  if (values.length === 1 && first !== undefined && Object.keys(first.labels).length === 0)
    return first.value;
  return values.map(({ labels, value }) => ({ ...labels, value }));
}
