/** What those who follow cost the service, and how soon they have an event. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import type { Histogram } from 'hdr-histogram-js';
import { HttpClient } from '../growth/http-client.js';
import { newHistogram, recordMs } from '../harness/measures.js';
import { memoryOf, type StartedService } from '../harness/service-under-test.js';
import type { FollowersCommand, FollowersReport } from './followers.js';

const FOLLOWERS = new URL('./followers.js', import.meta.url);
const PROBES = 5;
/** After memory was asked for, until the heap has settled. */
const SETTLE_MS = 3000;

export interface Times {
  count: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface IdleStage {
  followers: number;
  /** MiB, of the service: heaps, buffers and stacks. */
  anonymous: number;
  /** MiB, of the whole machine: what the kernel keeps in slabs, both ends of each connection. */
  kernelSlab: number;
}

export interface ActiveStage {
  followers: number;
  /** From when an append was due to its answer. */
  appends: Times;
  /** From when an append was sent to its event being read by one who follows. */
  delivery: Times;
  /** Milliseconds of CPU that the service took for each append. */
  cpuMsPerAppend: number;
  /** Events that followers were sent, and that each second had. */
  deliveriesPerSecond: number;
}

/** A group of followers in a process of its own; `end` closes all. */
async function startFollowers(service: StartedService, paths: string[]) {
  const child: ChildProcess = fork(FOLLOWERS);
  const exited = once(child, 'exit');
  const add = async (more: string[]): Promise<void> => {
    const command: FollowersCommand = { port: Number(new URL(service.url).port), paths: more };
    child.send(command);
    const [report] = (await Promise.race([once(child, 'message'), exited])) as [FollowersReport | number];
    if (typeof report !== 'object') throw new Error('the followers could not be opened');
  };
  if (paths.length > 0) await add(paths);
  const end = async (): Promise<void> => {
    child.disconnect();
    await exited;
  };
  return { add, end };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

async function slabMebibytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return Number(/^Slab:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** Memory with more and more who follow a consultation each and are sent nothing. */
export async function measureIdle(
  service: StartedService,
  ids: readonly string[],
  sizes: readonly number[],
): Promise<IdleStage[]> {
  const stages: IdleStage[] = [];
  const followers = await startFollowers(service, []);
  let open = 0;
  for (const size of sizes) {
    const paths = Array.from({ length: size - open }, (_, index) => {
      return `/consultations/${ids[(open + index) % ids.length]}/events?from_version=2`;
    });
    if (paths.length > 0) await followers.add(paths);
    open = size;
    await settled();
    const anonymous = (await memoryOf(service.pid))?.anonymous ?? Number.NaN;
    stages.push({ followers: size, anonymous, kernelSlab: await slabMebibytes() });
  }
  await followers.end();
  return stages;
}

/** Reads events and records how long ago the append of each was sent, which its text says. */
async function probe(url: string, delivery: Histogram): Promise<IncomingMessage> {
  const request = get(`${url}/events?from=next`, { headers: { accept: 'text/event-stream' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let rest = '';
  response.on('data', (part: string) => {
    const nowMs = performance.now();
    const frames = (rest + part).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const sentMs = /"message_content":"sent (\d+\.?\d*)/.exec(frame)?.[1];
      if (sentMs !== undefined) recordMs(delivery, nowMs - Number(sentMs));
    }
  });
  response.on('error', () => {});
  await once(response, 'data');
  return response;
}

/** User and system time of a process in milliseconds, from /proc. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const timesOf = (histogram: Histogram): Times => ({
  count: histogram.totalCount,
  p50: histogram.getValueAtPercentile(50) / 1000,
  p99: histogram.getValueAtPercentile(99) / 1000,
});

export interface ActiveOptions {
  followers: number;
  ratePerSecond: number;
  seconds: number;
}

/** Appends at a fixed rate while so many follow everything. */
export async function measureActive(
  service: StartedService,
  ids: readonly string[],
  { followers: count, ratePerSecond, seconds }: ActiveOptions,
): Promise<ActiveStage> {
  const followers = await startFollowers(service, new Array<string>(count).fill('/events?from=next'));
  const client = new HttpClient(service.url);
  const delivery = newHistogram();
  const appends = newHistogram();
  const probes = await Promise.all(
    Array.from({ length: count === 0 ? 0 : PROBES }, () => probe(service.url, delivery)),
  );
  const total = Math.round(ratePerSecond * seconds);
  const posts = Array.from({ length: total }, (_, index) => ({
    path: `/consultations/${ids[index % ids.length]}/events`,
    // Made when it is sent: the text says when that was.
    get body() {
      const message_content = `sent ${performance.now().toFixed(3)} ${'me duele el pecho '.repeat(10)}`;
      const payload = { message_role: 'user', message_content };
      return JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: 'dr-bench' });
    },
  }));
  const cpuBefore = await cpuMs(service.pid);
  await client.timePosts(posts, ratePerSecond, appends);
  const cpuMsPerAppend = ((await cpuMs(service.pid)) - cpuBefore) / total;
  for (const response of probes) response.destroy();
  client.close();
  await followers.end();
  return {
    followers: count,
    appends: timesOf(appends),
    delivery: timesOf(delivery),
    cpuMsPerAppend,
    deliveriesPerSecond: ratePerSecond * (count + probes.length),
  };
}
