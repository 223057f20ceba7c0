/** Measures one size of the store: the service on a filled directory, and beside it one on an empty directory. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import { limits } from '../../src/domain/limits.js';
import type { CaseContext, CaseOutcome, Size } from '../harness/benchmark.js';
import { postRequest } from '../harness/http-connection.js';
import { latency, medianOf, newHistogram, scalar } from '../harness/measures.js';
import { type OpenLoopResult, openLoop, reasonsAgainst } from '../harness/open-loop.js';
import type { Latency, Measure } from '../harness/result.js';
import {
  type Memory,
  memoryOf,
  newConsultations,
  patiently,
  type StartedService,
  startService,
} from '../harness/service-under-test.js';
import { HttpClient } from './http-client.js';
import { appendBody, Payloads, PROBE_LENGTHS, type ProbeLength, type Sample, USER_ID } from './workload.js';

const FILL = new URL('./fill-store.js', import.meta.url);

/** `starts`: at least twice, once for first reads and once for the rest. `reads`: of each state and page after the first. */
const SIZES: Readonly<
  Record<Size, { starts: number; blockSeconds: number; repeats: number; reads: number }>
> = {
  full: { starts: 3, blockSeconds: 3, repeats: 3, reads: 30 },
  smoke: { starts: 2, blockSeconds: 0.25, repeats: 1, reads: 3 },
};
/** Consultations that the appends go to, in each store. */
const TARGETS = 64;
const CONNECTIONS = 64;
const WARM_UP_READS = 50;
const PAGES = [100, 1000] as const;
/** Of a case's time, as the terminal shows it: filling, first reads, reads, appends. */
const SHARES = { filled: 0.5, firstRead: 0.6, read: 0.7, appended: 0.95 };

/**
 * `from_events`: the first read ever. `from_snapshot`: the first after a restart. `again`: what follows, unchanged.
 * `changed`: each after one more event.
 */
type Reads = Partial<Record<'from_events' | 'from_snapshot' | 'again' | 'changed', Latency>>;
type StateReads = Partial<Record<ProbeLength, Reads>>;

/** A row for starting and memory, two for appends, and one for each kind of read. */
export async function measureStore(events: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { size, directory } = context;
  const dataDir = join(directory, 'filled');
  await fill(dataDir, events, context);
  const sample = JSON.parse(await readFile(join(dataDir, 'growth-sample.json'), 'utf8')) as Sample;
  const starts: StartedService[] = [];
  const start = async (): Promise<StartedService> => {
    const service = await startService(dataDir);
    starts.push(service);
    return service;
  };
  context.progress(SHARES.filled, 'first reads');
  const first = await start();
  const firstReads = await usingClient(first, (client) => readFirst(client, sample, context));
  await first.stop();
  while (starts.length < SIZES[size].starts - 1) await (await start()).stop();

  context.progress(SHARES.firstRead, 'reads');
  const service = await start();
  const empty = await startService(join(directory, 'empty'));
  try {
    await delay(limits.confirmDelayMs * 4);
    const afterStart = await memoryOf(service.pid);
    const states = await usingClient(service, (client) => readStates(client, sample, context));
    context.progress(SHARES.read, 'appends');
    const appends = await measureAppends(service, empty, sample, context);
    context.progress(SHARES.appended, 'states that change');
    const changed = await usingClient(service, (client) => readChanging(client, sample, context));
    const afterServing = await memoryOf(service.pid);
    const stored = service.headSequence;
    const row = (kind: string, durability: CaseOutcome['durability'], measures: Record<string, Measure>) => {
      const parameters = { kind, events: stored };
      return {
        name: `${kind}, ${stored.toLocaleString('en-US')} events`,
        parameters,
        durability,
        invalid: [],
        measures,
      };
    };
    return [
      row('start', 'memory', {
        start: medianOf(
          starts.map(({ startMs }) => startMs),
          'ms',
          'lower',
        ),
        store: medianOf(
          starts.map(({ storeMs }) => storeMs),
          'ms',
          'lower',
        ),
        ...memoryMeasures('after_start', afterStart),
        ...memoryMeasures('after_serving', afterServing),
      }),
      {
        ...row('append', 'fsync', {
          latency: appends.filled,
          p95_over_empty: appends.p95Ratios,
          p50_over_empty: appends.p50Ratios,
        }),
        invalid: appends.invalid,
      },
      {
        ...row('append to an empty store beside', 'fsync', { latency: appends.empty }),
        invalid: appends.invalid,
      },
      ...PROBE_LENGTHS.flatMap((length) => {
        const reads = { ...firstReads.states[length], ...states[length], ...changed[length] };
        return Object.keys(reads).length === 0 ? [] : [row(`state of ${length} events`, 'memory', reads)];
      }),
      ...(firstReads.short.uncorrected.count === 0
        ? []
        : [row('state of about 20 events', 'memory', { from_events: firstReads.short })]),
      ...firstReads.pages.map(([length, reads]) => row(`page of ${length} events`, 'memory', reads)),
    ];
  } finally {
    await service.stop();
    await empty.stop();
  }
}

/** Another process fills it, so that the memory that takes is not that of what is measured. */
async function fill(dataDir: string, events: number, { seed, progress }: CaseContext): Promise<void> {
  const child = fork(FILL, [dataDir, String(events), String(seed)]);
  child.on('message', ({ stored }: { stored: number }) =>
    progress((stored / events) * SHARES.filled, 'filling'),
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`filling the store ended with ${code}`);
}

function memoryMeasures(when: string, memory: Memory | undefined): Record<string, Measure> {
  if (memory === undefined) return {};
  return Object.fromEntries(
    Object.entries(memory).map(([kind, value]) => [`${kind}_${when}`, scalar(value, 'MiB', 'lower')]),
  );
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

/** Reads that nobody did before on this directory. */
async function readFirst(client: HttpClient, sample: Sample, { size }: CaseContext) {
  const { reads } = SIZES[size];
  // The first of all loads HDF5 for reading; that is paid once in a process and shown nowhere else.
  await patiently(() => client.send(statePath(sample.endless)));
  const pages: [number, Reads][] = [];
  for (const length of PAGES) {
    const paths = sample.probes[length].map((id) => `${statePath(id)}/events?limit=${length}`);
    if (paths.length === 0) continue;
    const from_events = await timed((histogram) => client.timeReads(paths, histogram));
    const again = await timed((histogram) => client.timeReads(repeated(paths, reads), histogram));
    pages.push([length, { from_events, again }]);
  }
  const states: StateReads = {};
  for (const length of lengthsOf(sample)) {
    const paths = sample.probes[length].map(statePath);
    states[length] = { from_events: await timed((histogram) => client.timeReads(paths, histogram)) };
  }
  const short = await timed((histogram) => client.timeReads(sample.short.map(statePath), histogram));
  // What follows the log writes snapshots a moment later.
  await delay(limits.confirmDelayMs);
  return { pages, states, short };
}

/** First reads after a restart, and further ones. */
async function readStates(client: HttpClient, sample: Sample, { size }: CaseContext): Promise<StateReads> {
  // The first requests of a process compile the code that the others run.
  for (const id of sample.short.slice(0, WARM_UP_READS)) await client.send(statePath(id));
  const states: StateReads = {};
  for (const length of lengthsOf(sample)) {
    const paths = sample.probes[length].map(statePath);
    const from_snapshot = await timed((histogram) => client.timeReads(paths, histogram));
    const again = await timed(async (histogram) => {
      for (const path of paths) await client.timeReads(repeated([path], SIZES[size].reads), histogram);
    });
    states[length] = { from_snapshot, again };
  }
  return states;
}

/** Reads of one consultation of each length, each after one more event. */
async function readChanging(
  client: HttpClient,
  sample: Sample,
  { size, seed }: CaseContext,
): Promise<StateReads> {
  const payloads = new Payloads(seed + 2);
  const states: StateReads = {};
  for (const length of lengthsOf(sample)) {
    const path = statePath(sample.probes[length][0] as string);
    const changed = await timed(async (histogram) => {
      for (let read = 0; read < SIZES[size].reads; read += 1) {
        await patiently(() => client.send(`${path}/events`, appendBody(payloads)));
        await client.timeReads([path], histogram);
      }
    });
    states[length] = { changed };
  }
  return states;
}

/** Appends to each store in turn (ABBA), so that what else the machine does falls on both. */
async function measureAppends(
  filled: StartedService,
  empty: StartedService,
  sample: Sample,
  context: CaseContext,
) {
  const { blockSeconds, repeats } = SIZES[context.size];
  const ratePerSecond = Number(context.own.rate);
  const payloads = new Payloads(context.seed + 3);
  const urls = { filled: filled.url, empty: empty.url };
  const targets = {
    filled: filledTargets(sample),
    empty: await newConsultations(empty.url, TARGETS, USER_ID),
  };
  const all = { filled: pairOfHistograms(), empty: pairOfHistograms() };
  const results: OpenLoopResult[] = [];
  const ratios: Record<'p50' | 'p95', number[]> = { p50: [], p95: [] };
  const block = async (which: 'filled' | 'empty') => {
    const ids = targets[which];
    const posts = Array.from({ length: Math.round(blockSeconds * ratePerSecond) }, (_, index) =>
      postRequest(`${statePath(ids[index % ids.length] as string)}/events`, appendBody(payloads)),
    );
    const request = (index: number): Buffer => posts[index] as Buffer;
    const load = { url: urls[which], connections: CONNECTIONS, seconds: blockSeconds, request, status: 201 };
    return openLoop({ ...load, ratePerSecond });
  };
  for (const which of ['filled', 'empty'] as const) await block(which);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const pair = { filled: newHistogram(), empty: newHistogram() };
    for (const which of ['filled', 'empty', 'empty', 'filled'] as const) {
      const result = await block(which);
      pair[which].add(result.corrected);
      all[which].corrected.add(result.corrected);
      all[which].uncorrected.add(result.uncorrected);
      results.push(result);
    }
    const ratio = (at: number): number =>
      pair.filled.getValueAtPercentile(at) / pair.empty.getValueAtPercentile(at);
    ratios.p50.push(ratio(50));
    ratios.p95.push(ratio(95));
  }
  return {
    filled: latency(all.filled.uncorrected, all.filled.corrected),
    empty: latency(all.empty.uncorrected, all.empty.corrected),
    p50Ratios: medianOf(ratios.p50, '', 'lower'),
    p95Ratios: medianOf(ratios.p95, '', 'lower'),
    invalid: reasonsAgainst({ ratePerSecond, status: 201 }, results),
  };
}

const pairOfHistograms = () => ({ corrected: newHistogram(), uncorrected: newHistogram() });

/** The endless consultation, and short ones from all over the history. */
function filledTargets({ endless, short }: Sample): string[] {
  const stride = Math.max(1, Math.floor(short.length / TARGETS));
  return [endless, ...short.filter((_, index) => index % stride === 0)].slice(0, TARGETS);
}

async function timed(measure: (histogram: Histogram) => Promise<void>): Promise<Latency> {
  const histogram = newHistogram();
  await measure(histogram);
  return latency(histogram);
}

function repeated(paths: readonly string[], times: number): string[] {
  return Array.from({ length: times }, () => paths).flat();
}
