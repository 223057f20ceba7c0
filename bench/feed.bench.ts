/**
 * What those who follow cost the service: memory of many who are idle, and appends and CPU with many who are not.
 *
 * docs/FEED.md and bench/results/feed.json come from here.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { documentOf, type FeedResult, idleKibibytesOf } from './feed/document.js';
import { type ActiveStage, measureActive, measureIdle } from './feed/measure.js';
import { HttpClient } from './growth/http-client.js';
import { type StartedService, startService } from './harness/service-under-test.js';
import { surroundings } from './support/surroundings-text.js';

interface Flags {
  smoke?: true;
  rate: number;
  seconds: number;
  rounds: number;
  output?: string;
  document?: string;
}

const SIZES = {
  full: { idle: [0, 2500, 5000, 10_000], active: [0, 100, 1000] },
  smoke: { idle: [0, 50], active: [0, 10] },
};
const CONSULTATIONS = 100;

async function startConsultations(service: StartedService): Promise<string[]> {
  const client = new HttpClient(service.url);
  const ids: string[] = [];
  for (let i = 0; i < CONSULTATIONS; i += 1) {
    const answer = await client.send('/consultations', JSON.stringify({ user_id: 'dr-bench' }));
    ids.push((JSON.parse(String(answer)) as { consultation_id: string }).consultation_id);
  }
  client.close();
  return ids;
}

async function onService<T>(measure: (service: StartedService, ids: string[]) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-feed-'));
  try {
    const service = await startService(directory);
    try {
      return await measure(service, await startConsultations(service));
    } finally {
      await service.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(flags: Flags): Promise<void> {
  const around = surroundings();
  const args = process.argv.slice(2);
  const sizes = SIZES[flags.smoke ? 'smoke' : 'full'];
  const note = (text: string): boolean => process.stderr.write(`${text}\n`);
  note('idle');
  const idle = await onService((service, ids) => measureIdle(service, ids, sizes.idle));
  const rounds = await onService(async (service, ids) => {
    const all: ActiveStage[][] = [];
    // Warms the service up, so that the first round is like the others.
    await measureActive(service, ids, { followers: 1, ratePerSecond: flags.rate, seconds: flags.seconds });
    for (let round = 1; round <= flags.rounds; round += 1) {
      const stages: ActiveStage[] = [];
      for (const followers of sizes.active) {
        note(`round ${round}, ${followers} follow`);
        const options = { followers, ratePerSecond: flags.rate, seconds: flags.seconds };
        stages.push(await measureActive(service, ids, options));
      }
      all.push(stages);
    }
    return all;
  });
  const result: FeedResult = {
    command: ['npm run bench:feed', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    surroundings: around,
    settings: { 'appends/s': flags.rate, 'seconds a measurement': flags.seconds, rounds: flags.rounds },
    idle,
    idleKibibytes: idleKibibytesOf(idle),
    rounds,
  };
  const text = documentOf(result);
  process.stdout.write(text.slice(text.indexOf('## Idle')));
  const output = flags.output ?? (flags.smoke ? undefined : 'bench/results/feed.json');
  const document = flags.document ?? (flags.smoke ? undefined : 'docs/FEED.md');
  if (output !== undefined) await writeFile(output, `${JSON.stringify(result, null, 2)}\n`);
  if (document !== undefined) await writeFile(document, text);
}

const program = new Command('bench:feed')
  .description('Measures what those who follow cost the service, and how soon they have an event.')
  .option('--smoke', 'a few who follow, seconds, and writes no files unless told where')
  .option('--rate <number>', 'appends a second', Number, 200)
  .option('--seconds <number>', 'of each measurement', Number, 5)
  .option('--rounds <number>', 'how often each number of followers is measured', Number, 3)
  .option('--output <file>', 'the figures as JSON (bench/results/feed.json)')
  .option('--document <file>', 'the figures as Markdown (docs/FEED.md)');
await run(program.parse().opts<Flags>());
