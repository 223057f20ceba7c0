/** Measures one size: the service on a filled directory, and beside it one on an empty directory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import { limits } from '../../src/domain/limits.js';
import { HttpClient, newHistogram } from './http-client.js';
import { type Memory, memoryOf, type StartedService, startService } from './service-under-test.js';
import { appendBody, Payloads, PROBE_LENGTHS, type ProbeLength, type Sample, USER_ID } from './workload.js';

export interface StageOptions {
  /** Filled, with its sample beside the data. */
  dataDir: string;
  emptyDir: string;
  seed: number;
  ratePerSecond: number;
  /** How often it is started: at least twice, once for first reads and once for the rest. */
  starts: number;
  /** Length of one block of appends; there are two of each store for each repeat. */
  blockSeconds: number;
  repeats: number;
  /** Reads of each state and page after the first. */
  reads: number;
  onStep: (step: string) => void;
}

/** Milliseconds. */
export interface Times {
  count: number;
  p50: number;
  p95: number;
  p99: number;
}

export interface StageResult {
  events: number;
  /** Each of several starts: the process to its listening, and the store's part of that. */
  starts: { startMs: number; storeMs: number }[];
  memoryAfterStart: Memory | undefined;
  memoryAfterServing: Memory | undefined;
  appends: {
    filled: Times;
    empty: Times;
    /** p95 of the filled store over that of the empty one, block by block. */
    p95Ratios: number[];
  };
  /** By length; only lengths that the store has. */
  states: Partial<Record<ProbeLength, Record<StateRead, Times>>>;
  /** First reads of consultations of about 20 events from all over the history. */
  shortStates: Times;
  /** Pages of 100 and of 1,000 events from the consultations with that many: the first read, and further ones. */
  pages: Partial<Record<100 | 1000, { first: Times; again: Times }>>;
}

/**
 * `fromEvents`: the first read ever. `fromSnapshot`: the first after a restart. `again`: what follows, unchanged.
 * `changed`: each after one more event.
 */
export type StateRead = 'fromEvents' | 'fromSnapshot' | 'again' | 'changed';

/** Consultations that the appends go to, in each store. */
const TARGETS = 64;
const WARM_UP_READS = 50;
const PAGES = [100, 1000] as const;

export async function measureStage(options: StageOptions): Promise<StageResult> {
  const { dataDir, onStep } = options;
  const sample = JSON.parse(await readFile(join(dataDir, 'growth-sample.json'), 'utf8')) as Sample;
  const starts: StageResult['starts'] = [];
  const start = async (): Promise<StartedService> => {
    const service = await startService(dataDir);
    starts.push({ startMs: service.startMs, storeMs: service.storeMs });
    return service;
  };

  onStep('first reads');
  const first = await start();
  const firstReads = await usingClient(first, (client) => readFirst(client, sample, options));
  await first.stop();
  for (let again = starts.length + 1; again < options.starts; again += 1) await (await start()).stop();

  onStep('reads');
  const service = await start();
  const empty = await startService(options.emptyDir);
  try {
    await delay(1000);
    const memoryAfterStart = await memoryOf(service.pid);
    const states = await usingClient(service, (client) => readStates(client, sample, options));
    onStep('appends');
    const appends = await measureAppends(service, empty, sample, options);
    onStep('states that change');
    const changed = await usingClient(service, (client) => readChanging(client, sample, options));
    const memoryAfterServing = await memoryOf(service.pid);
    return {
      events: service.headSequence,
      starts,
      memoryAfterStart,
      memoryAfterServing,
      appends,
      states: joined(firstReads.states, states, changed),
      shortStates: firstReads.shortStates,
      pages: firstReads.pages,
    };
  } finally {
    await service.stop();
    await empty.stop();
  }
}

async function usingClient<T>(service: StartedService, use: (client: HttpClient) => Promise<T>): Promise<T> {
  const client = new HttpClient(service.url);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

const statePath = (id: string): string => `/consultations/${id}`;
const lengthsOf = (sample: Sample): ProbeLength[] =>
  PROBE_LENGTHS.filter((length) => sample.probes[length].length > 0);

type StateTimes = Partial<Record<ProbeLength, Times>>;

/** Reads that nobody did before on this directory. */
async function readFirst(client: HttpClient, sample: Sample, { reads }: StageOptions) {
  // The first of all loads HDF5 for reading; that is paid once in a process and shown nowhere else.
  await client.send(statePath(sample.endless));
  const pages: StageResult['pages'] = {};
  for (const length of PAGES) {
    const paths = sample.probes[length].map((id) => `${statePath(id)}/events?limit=${length}`);
    if (paths.length === 0) continue;
    const first = await timed((histogram) => client.timeReads(paths, histogram));
    const again = await timed((histogram) => client.timeReads(repeated(paths, reads), histogram));
    pages[length] = { first, again };
  }
  const states: StateTimes = {};
  for (const length of lengthsOf(sample)) {
    const paths = sample.probes[length].map(statePath);
    states[length] = await timed((histogram) => client.timeReads(paths, histogram));
  }
  const shortStates = await timed((histogram) => client.timeReads(sample.short.map(statePath), histogram));
  // What follows the log writes snapshots a moment later.
  await delay(limits.confirmDelayMs);
  return { pages, states, shortStates };
}

/** First reads after a restart, and further ones. */
async function readStates(client: HttpClient, sample: Sample, { reads }: StageOptions) {
  // The first requests of a process compile the code that the others run.
  for (const id of sample.short.slice(0, WARM_UP_READS)) await client.send(statePath(id));
  const states: Partial<Record<ProbeLength, { fromSnapshot: Times; again: Times }>> = {};
  for (const length of lengthsOf(sample)) {
    const paths = sample.probes[length].map(statePath);
    const fromSnapshot = await timed((histogram) => client.timeReads(paths, histogram));
    const again = await timed(async (histogram) => {
      for (const path of paths) await client.timeReads(repeated([path], reads), histogram);
    });
    states[length] = { fromSnapshot, again };
  }
  return states;
}

/** Reads of one consultation of each length, each after one more event. */
async function readChanging(client: HttpClient, sample: Sample, { reads, seed }: StageOptions) {
  const payloads = new Payloads(seed + 2);
  const states: StateTimes = {};
  for (const length of lengthsOf(sample)) {
    const path = statePath(sample.probes[length][0] as string);
    states[length] = await timed(async (histogram) => {
      for (let read = 0; read < reads; read += 1) {
        await client.send(`${path}/events`, appendBody(payloads));
        await client.timeReads([path], histogram);
      }
    });
  }
  return states;
}

/** Appends to each store in turn (ABBA), so that what else the machine does falls on both. */
async function measureAppends(
  filled: StartedService,
  empty: StartedService,
  sample: Sample,
  options: StageOptions,
): Promise<StageResult['appends']> {
  const clients = { filled: new HttpClient(filled.url), empty: new HttpClient(empty.url) };
  const payloads = new Payloads(options.seed + 3);
  const targets = { filled: filledTargets(sample), empty: await newTargets(clients.empty) };
  const all = { filled: newHistogram(), empty: newHistogram() };
  const p95Ratios: number[] = [];
  const block = async (which: 'filled' | 'empty', seconds: number): Promise<Histogram> => {
    const ids = targets[which];
    const posts = Array.from({ length: Math.round(seconds * options.ratePerSecond) }, (_, index) => {
      return { path: `${statePath(ids[index % ids.length] as string)}/events`, body: appendBody(payloads) };
    });
    const histogram = newHistogram();
    await clients[which].timePosts(posts, options.ratePerSecond, histogram);
    return histogram;
  };
  try {
    for (const which of ['filled', 'empty'] as const) await block(which, options.blockSeconds);
    for (let repeat = 0; repeat < options.repeats; repeat += 1) {
      const pair = { filled: newHistogram(), empty: newHistogram() };
      for (const which of ['filled', 'empty', 'empty', 'filled'] as const) {
        pair[which].add(await block(which, options.blockSeconds));
      }
      for (const which of ['filled', 'empty'] as const) all[which].add(pair[which]);
      p95Ratios.push(pair.filled.getValueAtPercentile(95) / pair.empty.getValueAtPercentile(95));
    }
  } finally {
    clients.filled.close();
    clients.empty.close();
  }
  return { filled: timesOf(all.filled), empty: timesOf(all.empty), p95Ratios };
}

/** The endless consultation, and short ones from all over the history. */
function filledTargets({ endless, short }: Sample): string[] {
  const stride = Math.max(1, Math.floor(short.length / TARGETS));
  return [endless, ...short.filter((_, index) => index % stride === 0)].slice(0, TARGETS);
}

async function newTargets(client: HttpClient): Promise<string[]> {
  const ids: string[] = [];
  for (let target = 0; target < TARGETS; target += 1) {
    const answer = await client.send('/consultations', JSON.stringify({ user_id: USER_ID }));
    ids.push((JSON.parse(answer.toString()) as { consultation_id: string }).consultation_id);
  }
  return ids;
}

async function timed(measure: (histogram: Histogram) => Promise<void>): Promise<Times> {
  const histogram = newHistogram();
  await measure(histogram);
  return timesOf(histogram);
}

function timesOf(histogram: Histogram): Times {
  const milliseconds = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    count: histogram.totalCount,
    p50: milliseconds(50),
    p95: milliseconds(95),
    p99: milliseconds(99),
  };
}

function repeated(paths: readonly string[], times: number): string[] {
  return Array.from({ length: times }, () => paths).flat();
}

function joined(
  fromEvents: StateTimes,
  states: Partial<Record<ProbeLength, { fromSnapshot: Times; again: Times }>>,
  changed: StateTimes,
): StageResult['states'] {
  const result: StageResult['states'] = {};
  for (const length of PROBE_LENGTHS) {
    const [first, later, last] = [fromEvents[length], states[length], changed[length]];
    if (first && later && last) result[length] = { fromEvents: first, ...later, changed: last };
  }
  return result;
}
