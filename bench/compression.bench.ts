/**
 * Codecs of sealed segments: what an event takes on disk, and how fast a segment is sealed and read again.
 *
 * A corpus is sealed as the service does it, once for each codec and round; the order turns with the rounds, so that
 * no codec always has the same neighbours. Rates are bytes of links, which is what the journal held, in a second of
 * processor time: what else runs on the machine then counts little, and so does the disk.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { nodeDisk } from '../src/ops/disk.js';
import { parseCodec } from '../src/segments/codecs/codec-table.js';
import { type ColumnSize, columnSizes } from '../src/segments/column-sizes.js';
import { loadHdf5 } from '../src/segments/hdf5.js';
import { sealSegment } from '../src/segments/seal-segment.js';
import { GENESIS_ROOT } from '../src/segments/segment-layout.js';
import { SegmentReader } from '../src/segments/segment-reader.js';
import { consultationsOfFiles, corpusLinks, syntheticCorpus } from './support/corpus.js';

const DEFAULT_CODECS = [
  'none',
  ...['gzip:1', 'gzip:2', 'gzip:3', 'gzip:4', 'gzip:5', 'gzip:6', 'gzip:7', 'gzip:8', 'gzip:9'],
  ...['lzf', 'lz4'],
  ...['zstd:1', 'zstd:3', 'zstd:6', 'zstd:9', 'zstd:12', 'zstd:15', 'zstd:19'],
];

interface BenchOptions {
  corpus: string[];
  codec: string[];
  events: number;
  rounds: number;
  seed: number;
  dataDir: string;
  output?: string;
}

/** One codec, measured. Rates are medians in MB (10^6 bytes) of links a second of processor time. */
interface Measured {
  codec: string;
  fileBytes: number;
  columns: ColumnSize[];
  sealMBps: number;
  scanMBps: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function sealAndScan(links: readonly Buffer[], codecText: string, directory: string) {
  const path = join(directory, 'segment.h5');
  const codec = parseCodec(codecText);
  const common = { firstSequence: 1, previousRoot: GENESIS_ROOT, disk: nodeDisk };
  const started = processorMs();
  const { fileBytes } = await sealSegment({ links: () => [links], codec, path, ...common });
  const sealed = processorMs();
  const reader = SegmentReader.open(path);
  let scanned = 0;
  for (const batch of reader.scanLinks({ rowsMax: 2048, bytesMax: 4 * 1024 * 1024 })) scanned += batch.length;
  reader.close();
  if (scanned !== links.length) throw new Error(`${codecText} gave back ${scanned} events`);
  const ended = processorMs();
  return { fileBytes, path, sealMs: sealed - started, scanMs: ended - sealed };
}

async function measure(
  links: readonly Buffer[],
  { codec, rounds }: BenchOptions,
  directory: string,
): Promise<Measured[]> {
  const linkBytes = links.reduce((sum, link) => sum + link.length, 0);
  const times = new Map(codec.map((text) => [text, { sealMs: [] as number[], scanMs: [] as number[] }]));
  const sizes = new Map<string, { fileBytes: number; columns: ColumnSize[] }>();
  const bar = new SingleBar({ format: 'compression [{bar}] {value} of {total}' }, Presets.shades_classic);
  bar.start(codec.length * rounds, 0);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < codec.length; turn += 1) {
      const text = codec[(turn + round * 5) % codec.length] as string;
      const { fileBytes, path, sealMs, scanMs } = await sealAndScan(links, text, directory);
      times.get(text)?.sealMs.push(sealMs);
      times.get(text)?.scanMs.push(scanMs);
      if (!sizes.has(text)) sizes.set(text, { fileBytes, columns: await columnSizes(path) });
      bar.increment();
    }
  }
  bar.stop();
  const rate = (milliseconds: readonly number[]): number => linkBytes / 1e3 / median(milliseconds);
  return codec.map((text) => {
    const { fileBytes = 0, columns = [] } = sizes.get(text) ?? {};
    const { sealMs = [], scanMs = [] } = times.get(text) ?? {};
    return { codec: text, fileBytes, columns, sealMBps: rate(sealMs), scanMBps: rate(scanMs) };
  });
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  return [head, head.map(() => '---'), ...rest].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The results as two tables in Markdown. */
function report(links: readonly Buffer[], measured: readonly Measured[], { rounds }: BenchOptions): string {
  const linkBytes = links.reduce((sum, link) => sum + link.length, 0);
  const perEvent = (bytes: number): string => (bytes / links.length).toFixed(2);
  const heading =
    `${links.length} events, ${perEvent(linkBytes)} bytes an event in the journal; medians of ${rounds} rounds, in processor time; ` +
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  const rates = table([
    ['codec', 'bytes an event', 'seals, MB/s', 'reads, MB/s'],
    ...measured.map(({ codec, fileBytes, sealMBps, scanMBps }) => {
      return [`\`${codec}\``, perEvent(fileBytes), sealMBps.toFixed(1), scanMBps.toFixed(1)];
    }),
  ]);
  const paths = measured[0]?.columns.map(({ path }) => path) ?? [];
  const columns = table([
    ['bytes an event', ...measured.map(({ codec }) => `\`${codec}\``)],
    ...paths.map((path, index) => [
      `\`${path}\``,
      ...measured.map(({ columns }) => perEvent(columns[index]?.storedBytes ?? 0)),
    ]),
  ]);
  return `${heading}\n\n${rates}\n\n${columns}\n`;
}

async function run(options: BenchOptions): Promise<void> {
  const { corpus, seed, events, dataDir, output } = options;
  const consultations =
    corpus.length > 0 ? await consultationsOfFiles(corpus) : syntheticCorpus(seed, events);
  const links = corpusLinks(consultations, seed);
  const directory = await mkdtemp(join(dataDir, 'fi-consult-bench-'));
  try {
    await loadHdf5();
    const measured = await measure(links, options, directory);
    process.stdout.write(report(links, measured, options));
    if (output === undefined) return;
    await mkdir(dirname(output), { recursive: true });
    const settings = { corpus: corpus.length, events: links.length, rounds: options.rounds, seed };
    await writeFile(output, `${JSON.stringify({ node: process.version, settings, measured }, null, 1)}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const program = new Command('bench:compression')
  .description('Measures size and speed of each codec of sealed segments.')
  .option('--corpus <files...>', 'NDJSON of consultations, as for import; otherwise synthetic ones', [])
  .option('--codec <codecs...>', 'which codecs', DEFAULT_CODECS)
  .option('--events <number>', 'events of the synthetic corpus', Number, 65_536)
  .option('--rounds <number>', 'rounds over all codecs', Number, 3)
  .option('--seed <number>', 'seed of texts, ids and times', Number, 1)
  .option('--smoke', 'few events, one round, four codecs')
  .option('--output <file>', 'writes the results as JSON too')
  .option('--data-dir <directory>', 'where the scratch directory is made', tmpdir());
const { smoke, ...options } = program.parse().opts<BenchOptions & { smoke?: boolean }>();
const small = { events: 2000, rounds: 1, codec: ['none', 'gzip:4', 'lz4', 'zstd:3'] };
await run(smoke ? { ...options, ...small } : options);
