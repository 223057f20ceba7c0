/**
 * How the cost of starting, appending and reading depends on the length of the history.
 *
 * For each size a directory is filled by one process and served by another, the real service, and measured over
 * HTTP beside a service on an empty directory. docs/GROWTH.md and bench/results/growth.json come from here.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { documentOf, type GrowthResult } from './growth/document.js';
import { measureStage, type StageOptions, type StageResult } from './growth/measure-stage.js';
import { surroundings } from './growth/surroundings.js';
import { slopesOf, verdictsOf } from './growth/verdicts.js';

const FILL = new URL('./growth/fill-store.js', import.meta.url);

interface Flags {
  from: number;
  events: number;
  smoke?: true;
  seed: number;
  rate: number;
  dataDir?: string;
  output?: string;
  document?: string;
}

const SIZES = {
  full: { starts: 3, blockSeconds: 3, repeats: 3, reads: 30 },
  smoke: { starts: 2, blockSeconds: 0.25, repeats: 1, reads: 3 },
} as const;
const SMOKE_EVENTS_MAX = 1e4;
/** Parts of the progress bar that one size takes: its fill, and its steps of measuring. */
const FILL_PARTS = 60;
const STEP_PARTS = 10;
const STEPS = 4;

/** Powers of ten from the first size to the last, and the last. */
function sizesOf(first: number, last: number): number[] {
  const sizes: number[] = [];
  for (let size = first; size < last; size *= 10) sizes.push(size);
  return [...sizes, last];
}

async function fill(dataDir: string, events: number, seed: number, onShare: (share: number) => void) {
  await mkdir(dataDir, { recursive: true });
  const child = fork(FILL, [dataDir, String(events), String(seed)]);
  child.on('message', ({ stored }: { stored: number }) => onShare(stored / events));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`filling ${events} events failed`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function measure(flags: Flags, directory: string): Promise<StageResult[]> {
  const sizes = sizesOf(flags.from, flags.smoke ? Math.min(flags.events, SMOKE_EVENTS_MAX) : flags.events);
  const parts = FILL_PARTS + STEPS * STEP_PARTS;
  const bar = new SingleBar({ format: 'growth [{bar}] {step}' }, Presets.shades_classic);
  bar.start(sizes.length * parts, 0, { step: '' });
  const stages: StageResult[] = [];
  for (const [index, events] of sizes.entries()) {
    const dataDir = join(directory, `growth-${events}`);
    const emptyDir = join(directory, `growth-${events}-empty`);
    const label = `${events.toLocaleString('en-US')} events`;
    if (!(await exists(join(dataDir, 'growth-sample.json')))) {
      await fill(dataDir, events, flags.seed, (share) =>
        bar.update(index * parts + share * FILL_PARTS, { step: `${label}: filling` }),
      );
    }
    let steps = 0;
    const options: StageOptions = {
      ...SIZES[flags.smoke ? 'smoke' : 'full'],
      dataDir,
      emptyDir,
      seed: flags.seed,
      ratePerSecond: flags.rate,
      onStep: (step) => {
        bar.update(index * parts + FILL_PARTS + steps * STEP_PARTS, { step: `${label}: ${step}` });
        steps += 1;
      },
    };
    stages.push(await measureStage(options));
    await rm(emptyDir, { recursive: true });
    if (flags.dataDir === undefined) await rm(dataDir, { recursive: true });
    bar.update((index + 1) * parts);
  }
  bar.stop();
  return stages;
}

function report({ stages, verdicts, slopes }: GrowthResult): void {
  const lines = [
    `at ${stages.at(-1)?.events.toLocaleString('en-US')} events`,
    ...verdicts.map(({ what, measured, budget, isMet }) => {
      const verdict = isMet === undefined ? '' : isMet ? 'kept' : 'EXCEEDED';
      return `${what.padEnd(62)} ${measured.padStart(14)}  ${budget.padEnd(18)} ${verdict}`;
    }),
    'per tenfold of events',
    ...slopes.map(({ what, unit, perTenfold }) => `${what.padEnd(62)} ${perTenfold.toFixed(3)} ${unit}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function run(flags: Flags): Promise<void> {
  const around = surroundings();
  const args = process.argv.slice(2);
  const directory = flags.dataDir ?? (await mkdtemp(join(tmpdir(), 'fi-consult-growth-')));
  try {
    const stages = await measure(flags, directory);
    const largest = stages.at(-1) as StageResult;
    const result: GrowthResult = {
      command: ['npm run bench:growth', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      surroundings: around,
      settings: {
        seed: flags.seed,
        'appends/s': flags.rate,
        ...SIZES[flags.smoke ? 'smoke' : 'full'],
      },
      stages,
      slopes: slopesOf(stages),
      verdicts: verdictsOf(largest),
    };
    report(result);
    const output = flags.output ?? (flags.smoke ? undefined : 'bench/results/growth.json');
    const document = flags.document ?? (flags.smoke ? undefined : 'docs/GROWTH.md');
    if (output !== undefined) await write(output, `${JSON.stringify(result, null, 2)}\n`);
    if (document !== undefined) await write(document, documentOf(result));
  } finally {
    if (flags.dataDir === undefined) await rm(directory, { recursive: true, force: true });
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const program = new Command('bench:growth')
  .description('Measures starting, appending and reading at growing sizes of the history, over HTTP.')
  .option('--from <events>', 'the first size', Number, 100)
  .option('--events <events>', 'the last size; each is ten times the one before', Number, 1e7)
  .option('--smoke', `at most ${SMOKE_EVENTS_MAX} events, seconds, and writes no files unless told where`)
  .option('--seed <number>', 'seed of the texts', Number, 1)
  .option('--rate <number>', 'appends a second', Number, 200)
  .option('--data-dir <directory>', 'keeps the filled stores there, and uses those that are there')
  .option('--output <file>', 'the figures as JSON (bench/results/growth.json)')
  .option('--document <file>', 'the figures as Markdown (docs/GROWTH.md)');
await run(program.parse().opts<Flags>());
