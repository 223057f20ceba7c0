/**
 * Durable appends over HTTP, beside a route that stores nothing, in one run.
 *
 * Both servers run in turn, several times, against the same client with the same bodies; the figure to quote is
 * the ratio of their rates, round by round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon, { type Request } from 'autocannon';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { syntheticConsultations } from '../src/domain/synthetic-consultations.js';
import { type BenchProcess, startProcess } from './support/bench-process.js';

const SERVICE = new URL('../src/cli/fi-consult.js', import.meta.url);
const CEILING = new URL('./support/ceiling-server.js', import.meta.url);
const HEADERS = { 'content-type': 'application/json' };
/** Different bodies; enough that no request repeats while its consultation is in a cache line. */
const BODIES = 2000;

interface BenchOptions {
  connections: number;
  seconds: number;
  rounds: number;
  seed: number;
  dataDir: string;
}

/** Bodies of MESSAGE_RECEIVED with the texts of synthetic consultations. */
function bodies(seed: number): string[] {
  const texts: string[] = [];
  for (const { messages } of syntheticConsultations({ seed, count: BODIES })) {
    for (const { role, text } of messages) {
      const message_role = role === 'patient' ? 'user' : 'assistant';
      const payload = { message_content: text, message_role };
      texts.push(JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: 'dr-bench' }));
      if (texts.length === BODIES) return texts;
    }
  }
  return texts;
}

async function consultation(url: string): Promise<string> {
  const body = JSON.stringify({ user_id: 'dr-bench' });
  const response = await fetch(`${url}/consultations`, { method: 'POST', headers: HEADERS, body });
  const { consultation_id } = (await response.json()) as { consultation_id: string };
  return consultation_id;
}

/** Appends a second, over one round. Throws if a single request was not answered with 2xx. */
async function rate(url: string, ids: readonly string[], texts: readonly string[], options: BenchOptions) {
  const requests = texts.map((body, index): Request => {
    const path = `/consultations/${ids[index % ids.length]}/events`;
    return { method: 'POST', path, headers: HEADERS, body };
  });
  const { connections, seconds } = options;
  const result = await autocannon({ url, connections, duration: seconds, requests });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`invalid run: ${result.non2xx} answers were not 2xx, ${result.errors} errors`);
  }
  return result['2xx'] / result.duration;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function run(options: BenchOptions): Promise<void> {
  const directory = await mkdtemp(join(options.dataDir, 'fi-consult-bench-'));
  const servers: BenchProcess[] = [];
  try {
    const ceiling = await startProcess(CEILING, []);
    servers.push(ceiling);
    const service = await startProcess(SERVICE, ['serve', '--port', '0', '--data-dir', directory]);
    servers.push(service);
    const ids = await Promise.all(
      Array.from({ length: options.connections }, () => consultation(service.url)),
    );
    const texts = bodies(options.seed);
    const bar = new SingleBar({ format: 'append [{bar}] round {value} of {total}' }, Presets.shades_classic);
    bar.start(options.rounds, 0);
    const rounds: { ceiling: number; service: number }[] = [];
    for (let round = 0; round <= options.rounds; round += 1) {
      const figures = {
        ceiling: await rate(ceiling.url, ids, texts, options),
        service: await rate(service.url, ids, texts, options),
      };
      // The first round warms both up.
      if (round > 0) rounds.push(figures);
      bar.update(round);
    }
    bar.stop();
    report(options, rounds);
  } finally {
    for (const server of servers) await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(
  { connections, seconds }: BenchOptions,
  rounds: { ceiling: number; service: number }[],
): void {
  const ratios = rounds.map(({ service, ceiling }) => service / ceiling);
  const lines = [
    `${connections} connections, ${rounds.length} rounds of ${seconds} s, Node ${process.version}`,
    `route that stores nothing  ${median(rounds.map((r) => r.ceiling)).toFixed(0)} requests/s (median)`,
    `durable appends (fsync)    ${median(rounds.map((r) => r.service)).toFixed(0)} requests/s (median)`,
    `ratio                      ${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const program = new Command('bench:append')
  .description('Measures durable appends over HTTP beside a route that stores nothing.')
  .option('--connections <number>', 'connections at the same time', Number, 64)
  .option('--seconds <number>', 'length of one round', Number, 5)
  .option('--rounds <number>', 'rounds of each server', Number, 5)
  .option('--seed <number>', 'seed of the texts', Number, 1)
  .option('--data-dir <directory>', 'where the scratch directory is made', tmpdir());
await run(program.parse().opts<BenchOptions>());
