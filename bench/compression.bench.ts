/**
 * Codecs: what an event takes on disk, how fast a segment is sealed and read, and which codec follows as the default.
 *
 * Rates are in a second of processor time of one core: what else runs on the machine then counts little, and so does
 * the disk. Every codec is tried as the service uses it, the payload column also by size of events and chunks.
 */
import { SETTINGS } from '../src/ops/settings-table.js';
import { measureColumns } from './compression/columns.js';
import { measureNative, NATIVE_CODECS } from './compression/native.js';
import {
  type Candidate,
  candidatesOf,
  READ_MB_PER_SECOND_MIN,
  recommended,
  SEAL_MB_PER_SECOND_MIN,
} from './compression/recommend.js';
import { measureSegments } from './compression/segments.js';
import { measureStrings } from './compression/strings.js';
import { type CaseDefinition, defineBenchmark, type RunOptions } from './harness/benchmark.js';
import { scalar, scalarValue } from './harness/measures.js';
import type { CaseResult, Chart } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';

const CODECS = [
  'none',
  ...['gzip:1', 'gzip:2', 'gzip:3', 'gzip:4', 'gzip:5', 'gzip:6', 'gzip:7', 'gzip:8', 'gzip:9'],
  ...['lzf', 'lz4'],
  ...['zstd:1', 'zstd:3', 'zstd:6', 'zstd:9', 'zstd:12', 'zstd:15', 'zstd:19'],
];
const EVENT_BYTES = [64, 256, 1024, 8192];
const SMALL = { codecs: ['none', 'gzip:6', 'zstd:3'], natives: ['gzip:6', 'zstd:3'], eventBytes: [256] };

function cases({ size, own }: RunOptions): CaseDefinition[] {
  const all = { codecs: String(own.codecs).split(','), natives: NATIVE_CODECS, eventBytes: EVENT_BYTES };
  const { codecs, natives, eventBytes } = size === 'smoke' ? SMALL : all;
  const definition = (name: string, parameters: CaseDefinition['parameters']): CaseDefinition => {
    return { name, parameters, timeLimitSeconds: 300 };
  };
  return [
    ...codecs.map((codec) => definition(`segment, ${codec}`, { kind: 'segment', codec })),
    ...eventBytes.map((bytes) => definition(`column of ${bytes} B events`, { kind: 'column', bytes })),
    ...eventBytes.map((bytes) => definition(`strings of ${bytes} B`, { kind: 'strings', bytes })),
    ...natives.map((codec) => definition(`native ${codec}`, { kind: 'native', codec })),
  ];
}

function summarise(results: readonly CaseResult[]) {
  const candidates = candidatesOf(results);
  const [best, anyReader] = [recommended(candidates, false), recommended(candidates, true)];
  const chosen = SETTINGS.codec.defaultText;
  const rule = `seals at ${SEAL_MB_PER_SECOND_MIN} MB/s and reads at ${READ_MB_PER_SECOND_MIN} MB/s of a core or more`;
  const says = (candidate: Candidate | undefined, who: string): string =>
    candidate === undefined
      ? `No codec ${who} ${rule}.`
      : `Smallest codec ${who} that ${rule}: \`${candidate.codec}\`, ${candidate.bytesPerEvent.toFixed(1)} bytes an event.`;
  const same = best?.codec === chosen ? 'which is the default' : `while the default is \`${chosen}\``;
  return {
    derived: Object.fromEntries(
      candidates.map(({ codec, bytesPerEvent }) => [
        `bytes_per_event_${codec}`,
        scalar(bytesPerEvent, 'B', 'lower'),
      ]),
    ),
    findings: [
      says(best, 'that every HDF5 reads').replace(/\.$/, `; ${same}.`),
      says(anyReader, 'of all'),
      ...stringFindings(results),
    ],
    charts: [sizeChart(candidates), ...columnCharts(results)],
  };
}

/** What strings of variable length make of a codec, beside a column of bytes with the same texts. */
function stringFindings(results: readonly CaseResult[]): string[] {
  const ratio = (kind: string, bytes: unknown, codec: string): number | undefined => {
    const found = results.find(({ parameters: of }) => {
      return (
        of.kind === kind && of.event_bytes === bytes && of.codec === codec && (of.chunk_kib ?? 256) === 256
      );
    });
    return scalarValue(found?.measures.ratio);
  };
  const sizes = [...new Set(results.map(({ parameters }) => parameters.event_bytes))];
  return sizes.flatMap((bytes) => {
    const figures = [
      ratio('strings', bytes, 'none'),
      ratio('strings', bytes, 'gzip:6'),
      ratio('column', bytes, 'gzip:6'),
    ];
    if (figures.some((figure) => figure === undefined)) return [];
    const [none, gzip, column] = figures.map((figure) => figure?.toFixed(2));
    return `Events of ${bytes} B as variable-length strings: ratio ${none} without a filter and ${gzip} with gzip:6, for a filter sees their references and not their text; as a column of bytes, ${column}.`;
  });
}

const linear = (label: string, unit = ''): Chart['x'] => ({ label, unit, scale: 'linear' });

function sizeChart(candidates: readonly Candidate[]): Chart {
  const rate = (name: string, of: (candidate: Candidate) => number) => ({
    name,
    points: candidates.map((candidate) => ({ x: candidate.bytesPerEvent, y: of(candidate) })),
  });
  return {
    title: 'Size of an event and rates, all codecs (none to the right)',
    kind: 'line',
    x: linear('bytes an event in the file', 'B'),
    y: { label: 'rate', unit: 'MB/s of a core', scale: 'log' },
    series: [rate('seals', ({ seals }) => seals), rate('reads', ({ reads }) => reads)].map(
      ({ name, points }) => ({
        name,
        points: points.toSorted((a, b) => a.x - b.x),
      }),
    ),
  };
}

/** Ratio and time to read one event, by chunk size; a line for each codec and size of events. */
function columnCharts(results: readonly CaseResult[]): Chart[] {
  const columns = results.filter(({ parameters }) => parameters.kind === 'column');
  const names = [
    ...new Set(columns.map(({ parameters: { codec, event_bytes } }) => `${codec}, ${event_bytes} B events`)),
  ];
  const chart = (title: string, y: Chart['y'], of: (row: CaseResult) => number | undefined): Chart => ({
    title,
    kind: 'line',
    x: { label: 'chunk', unit: 'KiB', scale: 'log' },
    y,
    series: names
      .filter((name) => !name.startsWith('none'))
      .map((name) => ({
        name,
        points: columns
          .filter(({ parameters: { codec, event_bytes } }) => name === `${codec}, ${event_bytes} B events`)
          .flatMap((row) => {
            const value = of(row);
            return value === undefined ? [] : [{ x: Number(row.parameters.chunk_kib), y: value }];
          }),
      })),
  });
  return [
    chart('Ratio by size of chunks', linear('ratio'), ({ measures }) => scalarValue(measures.ratio)),
    chart(
      'Reading one event, p50, by size of chunks',
      { label: 'time', unit: 'µs', scale: 'log' },
      ({ measures }) => {
        const time = measures.read_one_event;
        return time?.kind === 'latency' ? (time.uncorrected.p50 ?? undefined) : undefined;
      },
    ),
  ];
}

export const benchmark = defineBenchmark({
  name: 'compression',
  title: 'Compression',
  question: 'Which codec makes segments small and stays fast enough, and for whom can it be read?',
  options: [
    {
      flags: '--codecs <list>',
      description: 'codecs of segments, separated by commas',
      default: CODECS.join(','),
    },
    { flags: '--events <number>', description: 'events of the synthetic corpus', default: 65_536 },
    { flags: '--column-mb <number>', description: 'MB of payload in each column', default: 8 },
    { flags: '--rounds <number>', description: 'rounds, of which the median is taken', default: 3 },
  ],
  cases,
  measure({ kind, codec, bytes }, context) {
    const small = { ...context.own, events: 2000, columnMb: 0.5, rounds: 1 };
    const sized = context.size === 'smoke' ? { ...context, own: small } : context;
    if (kind === 'segment') return measureSegments(String(codec), sized);
    if (kind === 'native') return measureNative(String(codec), sized);
    return kind === 'column' ? measureColumns(Number(bytes), sized) : measureStrings(Number(bytes), sized);
  },
  summarise,
});
await runAsMain(import.meta.url, benchmark);
