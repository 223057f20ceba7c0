/**
 * How long finding consultations takes among a million of them, and what keeping their lists costs the index.
 * docs/FINDING.md and bench/results/finding.json come from here.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import type { Histogram } from 'hdr-histogram-js';
import { seededRandom } from '../src/domain/seeded-random.js';
import { IndexWriter } from '../src/index/index-writer.js';
import { inBatches } from '../test/support/links.js';
import { CASES } from './finding/cases.js';
import { documentOf, type FindingResult, verdictsOf } from './finding/document.js';
import { historyLinks } from './finding/history.js';
import { HttpClient } from './growth/http-client.js';
import { newHistogram, recordMs } from './harness/measures.js';
import { startProcess } from './support/bench-process.js';
import { surroundings } from './support/surroundings-text.js';

const SERVER = new URL('./finding/serve-index.js', import.meta.url);
const BATCH_EVENTS = 1000;
const PAGE_MAX = 200;
const SMOKE_CONSULTATIONS = 2000;

interface Flags {
  consultations: number;
  requests: number;
  smoke?: true;
  seed: number;
  output?: string;
  document?: string;
}

interface Page {
  returned_count: number;
  next_cursor: string | null;
}

async function fill(directory: string, consultations: number, seed: number) {
  const opened = await IndexWriter.open(directory);
  if (opened.kind !== 'open') throw new Error(opened.reason);
  const { index: writer } = opened;
  const bar = new SingleBar({ format: 'finding [{bar}] {value} events' }, Presets.shades_classic);
  bar.start(3.5 * consultations, 0);
  let writingMs = 0;
  let processorMicroseconds = 0;
  for (const batch of inBatches(historyLinks(consultations, seed), BATCH_EVENTS)) {
    const started = performance.now();
    const usageBefore = process.cpuUsage();
    writer.apply(batch);
    const { user, system } = process.cpuUsage(usageBefore);
    processorMicroseconds += user + system;
    writingMs += performance.now() - started;
    bar.update(Math.min(writer.appliedSequence, bar.getTotal()));
  }
  bar.stop();
  const events = writer.appliedSequence;
  await writer.close();
  const { size } = await stat(join(directory, 'data.mdb'));
  return {
    events,
    writer: {
      seconds: writingMs / 1000,
      processorSeconds: processorMicroseconds / 1e6,
      indexMebibytes: size / 1024 ** 2,
    },
  };
}

/** Asks for the cases in turn, so that whatever else the machine does meets all of them alike. */
async function measure(client: HttpClient, { requests, seed }: Flags, consultations: number) {
  const random = seededRandom(seed);
  const cases = CASES.map((each) => ({ ...each, histogram: newHistogram(), found: 0 }));
  const floor = newHistogram();
  for (let round = 0; round < requests; round += 1) {
    for (const each of cases) {
      const answer = await timed(
        client,
        `/consultations?${each.query(random, consultations)}`,
        each.histogram,
      );
      each.found += (JSON.parse(answer) as Page).returned_count;
    }
    await timed(client, '/nothing', floor);
  }
  return {
    cases: cases.map(({ what, histogram, found }) => ({
      ...timesOf(what, histogram),
      found: found / requests,
    })),
    floor: timesOf('a route that does nothing', floor),
  };
}

async function timed(client: HttpClient, path: string, histogram: Histogram): Promise<string> {
  const started = performance.now();
  const answer = await client.send(path);
  recordMs(histogram, performance.now() - started);
  return answer.toString();
}

function timesOf(what: string, histogram: Histogram) {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return { what, requests: histogram.totalCount, p50: at(50), p99: at(99), max: histogram.maxValue / 1000 };
}

/** Through the list of one status by its cursor, up to so many pages. */
async function walk(client: HttpClient, pagesMax: number) {
  const histogram = newHistogram();
  let cursor = '';
  let pages = 0;
  let found = 0;
  while (pages < pagesMax) {
    const path = `/consultations?status=committed&limit=${PAGE_MAX}${cursor}`;
    const page = JSON.parse(await timed(client, path, histogram)) as Page;
    pages += 1;
    found += page.returned_count;
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  const { p50, p99 } = timesOf('', histogram);
  return { pages, found, p50, p99 };
}

async function run(flags: Flags): Promise<void> {
  const around = surroundings();
  const args = process.argv.slice(2);
  const consultations = flags.smoke ? SMOKE_CONSULTATIONS : flags.consultations;
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-finding-'));
  try {
    const filled = await fill(join(directory, 'index'), consultations, flags.seed);
    const server = await startProcess(SERVER, [join(directory, 'index')]);
    const client = new HttpClient(server.url);
    const requests = flags.smoke ? 5 : flags.requests;
    await measure(client, { ...flags, requests: Math.min(50, requests) }, consultations);
    const measured = {
      command: ['npm run bench:finding', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      surroundings: around,
      consultations,
      ...filled,
      ...(await measure(client, { ...flags, requests }, consultations)),
      walk: await walk(client, requests),
    };
    client.close();
    await server.stop();
    const result: FindingResult = { ...measured, verdicts: verdictsOf(measured) };
    for (const { what, measured: value, budget, isMet } of result.verdicts) {
      process.stdout.write(`${what}: ${value}, ${budget}: ${isMet ? 'kept' : 'EXCEEDED'}\n`);
    }
    const output = flags.output ?? (flags.smoke ? undefined : 'bench/results/finding.json');
    const document = flags.document ?? (flags.smoke ? undefined : 'docs/FINDING.md');
    if (output !== undefined) await write(output, `${JSON.stringify(result, null, 2)}\n`);
    if (document !== undefined) await write(document, documentOf(result));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const program = new Command('bench:finding')
  .description('Measures GET /consultations over a million of them, and what their lists cost the index.')
  .option('--consultations <number>', 'how many', Number, 1e6)
  .option('--requests <number>', 'of each kind', Number, 1000)
  .option('--smoke', `${SMOKE_CONSULTATIONS} consultations, seconds, and writes no files unless told where`)
  .option('--seed <number>', 'seed of the history', Number, 1)
  .option('--output <file>', 'the figures as JSON (bench/results/finding.json)')
  .option('--document <file>', 'the figures as Markdown (docs/FINDING.md)');
await run(program.parse().opts<Flags>());
