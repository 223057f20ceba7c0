/**
 * Events in bulk: uploaded over one connection as NDJSON, each answered as it becomes durable, and exported from sealed
 * segments by `fi-consult export`.
 *
 * Memory of the service is looked at all along an upload: if it depends on how many events went through, the thirds
 * differ.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hasZstd } from '../src/ops/zstd.js';
import { appendBody, Payloads, USER_ID } from './growth/workload.js';
import {
  type CaseContext,
  type CaseDefinition,
  type CaseOutcome,
  defineBenchmark,
  type RunOptions,
  SkippedCase,
} from './harness/benchmark.js';
import { median, medianOf, scalar, scalarValue } from './harness/measures.js';
import type { CaseResult, Scalar } from './harness/result.js';
import { runAsMain } from './harness/run-as-main.js';
import { type Memory, memoryOf, newConsultations, startService } from './harness/service-under-test.js';
import { piecesOf, uploadEvents } from './support/upload.js';

const FILL = new URL('./growth/fill-store.js', import.meta.url);
const PROGRAM = fileURLToPath(new URL('../src/cli/fi-consult.js', import.meta.url));
const SMOKE = { uploadEvents: 3000, exportEvents: 2000, rounds: 1 };
/** Different lines of an upload, which go round. */
const LINES = 5000;
/** Looks at the memory of the service, over a whole upload. */
const LOOKS = 60;
/** Memory is flat when the last third of an upload has at most so much more of it than the first, as a share. */
const FLAT_MAX = 0.1;
/** What an export is written as, by the ending of its file. */
const ENDINGS = ['ndjson', 'ndjson.gz', 'ndjson.zst'];

async function upload(events: number, context: CaseContext): Promise<CaseOutcome[]> {
  const service = await startService(join(context.directory, 'data'));
  const [id = ''] = await newConsultations(service.url, 1, USER_ID);
  const payloads = new Payloads(context.seed);
  const lines = Array.from({ length: LINES }, () => appendBody(payloads));
  const looks: Memory[] = [];
  let lookAt = 0;
  const look = async (count: number): Promise<void> => {
    lookAt = count + events / LOOKS;
    const memory = await memoryOf(service.pid);
    if (memory !== undefined) looks.push(memory);
    context.progress(count / events, 'uploading');
  };
  const { answered, seconds } = await uploadEvents(service.url, id, piecesOf(lines, events), (count) =>
    count >= lookAt ? look(count) : undefined,
  );
  await service.stop();
  return [
    {
      name: `upload of ${events.toLocaleString('en-US')} events over one connection`,
      parameters: { kind: 'upload', events },
      durability: 'fsync',
      invalid: answered === events ? [] : [`${answered} of ${events} events were answered`],
      measures: { throughput: scalar(answered / seconds, 'events/s', 'higher'), ...memoryMeasures(looks) },
    },
  ];
}

/**
 * The memory that is the service's own, in each third of an upload. What is resident besides are pages of the index's
 * file, which the system takes back when somebody needs them.
 */
function memoryMeasures(looks: readonly Memory[]): Record<string, Scalar> {
  const third = Math.floor(looks.length / 3);
  if (third === 0) return {};
  const own = (part: number): Scalar => {
    const of = looks.slice(part * third, (part + 1) * third).map(({ anonymous }) => anonymous);
    return scalar(median(of), 'MiB', 'lower');
  };
  return {
    anonymous_first_third: own(0),
    anonymous_second_third: own(1),
    anonymous_last_third: own(2),
    resident_most: scalar(Math.max(...looks.map(({ resident }) => resident)), 'MiB', 'lower'),
  };
}

async function exported(events: number, ending: string, context: CaseContext): Promise<CaseOutcome[]> {
  if (ending.endsWith('zst') && !(await hasZstd())) throw new SkippedCase('there is no zstd on this machine');
  const dataDir = join(context.directory, 'data');
  const child = fork(FILL, [dataDir, String(events), String(context.seed)]);
  child.on('message', ({ stored }: { stored: number }) =>
    context.progress((stored / events) * 0.5, 'filling'),
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`filling the store ended with ${code}`);
  const output = join(context.directory, `events.${ending}`);
  const rates: number[] = [];
  const rounds = Number(context.own.rounds);
  for (let round = 0; round < rounds; round += 1) {
    context.progress(0.5 + round / rounds / 2, 'exporting');
    const started = performance.now();
    const path = `${output}.${round}.${ending}`;
    await promisify(execFile)(process.execPath, [PROGRAM, 'export', '--data-dir', dataDir, '--output', path]);
    rates.push((events * 1000) / (performance.now() - started));
  }
  const { size } = await stat(`${output}.0.${ending}`);
  return [
    {
      name: `export of ${events.toLocaleString('en-US')} events as .${ending}`,
      parameters: { kind: 'export', events, ending },
      durability: 'memory',
      invalid: [],
      measures: {
        throughput: medianOf(rates, 'events/s', 'higher'),
        bytes_per_event: scalar(size / events, 'B', 'lower'),
      },
    },
  ];
}

function cases({ size, own }: RunOptions): CaseDefinition[] {
  const { uploadEvents: uploads, exportEvents: exports } = size === 'smoke' ? SMOKE : own;
  return [
    { name: 'upload', parameters: { kind: 'upload', events: Number(uploads) }, timeLimitSeconds: 600 },
    ...ENDINGS.slice(0, size === 'smoke' ? 1 : undefined).map((ending) => {
      const parameters = { kind: 'export', events: Number(exports), ending };
      return { name: `export as .${ending}`, parameters, timeLimitSeconds: 600 };
    }),
  ];
}

function summarise(results: readonly CaseResult[]) {
  const valid = results.filter(({ validity }) => validity.status === 'valid');
  const growth = valid.flatMap(({ measures }) => {
    const [first, last] = [measures.anonymous_first_third, measures.anonymous_last_third].map(scalarValue);
    return first === undefined || last === undefined ? [] : [{ first, last, share: last / first - 1 }];
  });
  return {
    derived: Object.fromEntries(
      growth.map(({ share }) => ['upload_memory_growth', scalar(share, '', 'lower' as const)]),
    ),
    findings: [
      ...valid.map(({ name, durability, measures }) => {
        const rate = Math.round(scalarValue(measures.throughput) ?? 0).toLocaleString('en-US');
        return `${name}: ${rate} events/s${durability === 'fsync' ? ', each answered once it was durable' : ''}.`;
      }),
      ...growth.map(({ first, last, share }) => {
        const verdict = share <= FLAT_MAX ? 'memory is flat' : 'memory grows with what is uploaded';
        return `The service's own memory was ${first.toFixed(0)} MiB in the first third of the upload and ${last.toFixed(0)} MiB in the last: ${verdict}.`;
      }),
    ],
    charts: [
      {
        title: "The service's own memory during an upload, median of each third",
        kind: 'bar' as const,
        x: { label: 'third', unit: '', scale: 'linear' as const },
        y: { label: 'anonymous', unit: 'MiB', scale: 'linear' as const },
        series: valid
          .filter(({ parameters }) => parameters.kind === 'upload')
          .map(({ name, measures }) => ({
            name,
            points: (['first', 'second', 'last'] as const).flatMap((x) => {
              const y = scalarValue(measures[`anonymous_${x}_third`]);
              return y === undefined ? [] : [{ x, y }];
            }),
          })),
      },
    ],
  };
}

export const benchmark = defineBenchmark({
  name: 'stream',
  title: 'Uploads and exports',
  question: 'How fast do events go in and out in bulk, and does memory stay flat meanwhile?',
  options: [
    { flags: '--upload-events <number>', description: 'events of the upload', default: 1e6 },
    {
      flags: '--export-events <number>',
      description: 'events of the store that is exported',
      default: 300_000,
    },
    { flags: '--rounds <number>', description: 'exports, of which the median is taken', default: 3 },
  ],
  cases,
  measure({ kind, events, ending }, context) {
    const sized = context.size === 'smoke' ? { ...context, own: { ...context.own, ...SMOKE } } : context;
    return kind === 'upload'
      ? upload(Number(events), sized)
      : exported(Number(events), String(ending), sized);
  },
  summarise,
});
await runAsMain(import.meta.url, benchmark);
