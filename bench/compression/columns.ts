/**
 * The payload column alone, as the service lays it out: chunk sizes and codecs for one size of events.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { nodeBlockingDisk } from '../../src/ops/blocking-disk.js';
import { parseCodec } from '../../src/segments/codecs/codec-table.js';
import { type DatasetShape, Hdf5File, loadHdf5 } from '../../src/segments/hdf5.js';
import type { CaseContext, CaseOutcome } from '../harness/benchmark.js';
import { latency, medianOf, newHistogram, recordMs, scalar } from '../harness/measures.js';
import { payloadsOf } from './payloads.js';
import { megabytesPerSecond, timed } from './processor-time.js';

export const COLUMN_CODECS = ['none', 'gzip:6', 'lz4', 'zstd:3'];
export const CHUNK_KIB = [16, 64, 256, 1024];
const COLUMN = { type: 'uint8', width: 0 } as const;
const READS = 200;

interface Column {
  bytes: Buffer;
  ends: number[];
}

/** A row for each chunk size and codec. */
export async function measureColumns(eventBytes: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { corpus, seed, own } = context;
  const payloads = await payloadsOf(corpus, seed, eventBytes, Number(own.columnMb) * 1e6);
  const column = columnOf(payloads);
  await loadHdf5();
  const tries = CHUNK_KIB.flatMap((chunkKib) => COLUMN_CODECS.map((codec) => ({ chunkKib, codec })));
  const outcomes: CaseOutcome[] = [];
  for (const { chunkKib, codec } of tries) {
    context.progress(outcomes.length / tries.length, `${chunkKib} KiB chunks, ${codec}`);
    outcomes.push({
      name: `${eventBytes} B events, ${chunkKib} KiB chunks, ${codec}`,
      parameters: { kind: 'column', event_bytes: eventBytes, chunk_kib: chunkKib, codec },
      durability: 'memory',
      invalid: [],
      measures: await measureColumn(column, Math.min(chunkKib * 1024, column.bytes.length), codec, context),
    });
  }
  return outcomes;
}

function columnOf(payloads: readonly string[]): Column {
  const buffers = payloads.map((payload) => Buffer.from(payload));
  let end = 0;
  return { bytes: Buffer.concat(buffers), ends: buffers.map(({ length }) => (end += length)) };
}

async function measureColumn(
  column: Column,
  chunkRows: number,
  codec: string,
  { directory, own, seed }: CaseContext,
) {
  const { bytes, ends } = column;
  const path = join(directory, 'column.h5');
  const { filter } = parseCodec(codec);
  const shape: DatasetShape = { ...COLUMN, chunkRows, chunkWidth: 0, growable: false, filter };
  const writes: number[] = [];
  const reads: number[] = [];
  for (let round = 0; round < Number(own.rounds); round += 1) {
    const written = await timed(() => {
      const file = Hdf5File.create(nodeBlockingDisk, path);
      file.createDataset('payload', shape, bytes);
      file.close();
    });
    writes.push(megabytesPerSecond(bytes.length, written.milliseconds));
    const file = Hdf5File.open(nodeBlockingDisk, path, { swmr: false });
    const read = await timed(() => {
      for (let start = 0; start < bytes.length; start += chunkRows) {
        file.readRows('payload', COLUMN, start, Math.min(bytes.length, start + chunkRows));
      }
    });
    reads.push(megabytesPerSecond(bytes.length, read.milliseconds));
    file.close();
  }
  const one = newHistogram();
  const random = seededRandom(seed);
  const file = Hdf5File.open(nodeBlockingDisk, path, { swmr: false });
  for (let read = 0; read < READS; read += 1) {
    const index = integerBetween(random, 0, ends.length - 1);
    const started = performance.now();
    file.readRows('payload', COLUMN, ends[index - 1] ?? 0, ends[index] as number);
    recordMs(one, performance.now() - started);
  }
  file.close();
  return {
    ratio: scalar(bytes.length / statSync(path).size, '', 'higher' as const),
    writes: medianOf(writes, 'MB/s of a core', 'higher'),
    reads: medianOf(reads, 'MB/s of a core', 'higher'),
    read_one_event: latency(one),
  };
}
