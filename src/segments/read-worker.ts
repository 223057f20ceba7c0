/**
 * Worker thread: reads sealed segments, one request after another.
 *
 * It keeps the last few files open, since pages of one consultation come from few segments. A scan has a reader
 * of its own, which holds more (whole dictionaries) and goes when the scan ends.
 */
import { parentPort } from 'node:worker_threads';
import { assert } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { hdf5HasFailed, loadHdf5 } from './hdf5.js';
import {
  type PackedBytes,
  packBytes,
  plainError,
  type ReadReply,
  type ReadRequest,
} from './read-protocol.js';
import { SegmentReader } from './segment-reader.js';

interface Scan {
  reader: SegmentReader;
  batches: Generator<Buffer[], void>;
  /** Links that are computed, because the chain starts at the file's first event, but not asked for. */
  skip: number;
}

type Answerable = Exclude<ReadRequest, { kind: 'end' }>;

/** In the order of their last use; sealed files never change, so nothing in here gets stale. */
const readers = new Map<string, SegmentReader>();
const scans = new Map<number, Scan>();
const BATCH = { rowsMax: limits.archiveBatchEventsMax, bytesMax: limits.archiveBatchBytesMax };

function readerOf(path: string): SegmentReader {
  const reader = readers.get(path) ?? SegmentReader.open(path);
  readers.delete(path);
  readers.set(path, reader);
  for (const [oldest, idle] of readers) {
    if (readers.size <= limits.openSegmentsMax) break;
    readers.delete(oldest);
    idle.close();
  }
  return reader;
}

/** The next links of a scan; none when it is at its end. */
function nextBatch({ scan: id, path, fromRow }: { scan: number; path: string; fromRow: number }): Buffer[] {
  let scan = scans.get(id);
  if (scan === undefined) {
    const reader = SegmentReader.open(path);
    scan = { reader, batches: reader.scanLinks(BATCH), skip: fromRow };
    scans.set(id, scan);
  }
  // Not a for-of loop: leaving one ends the generator.
  for (let next = scan.batches.next(); !next.done; next = scan.batches.next()) {
    const wanted = next.value.slice(scan.skip);
    scan.skip -= next.value.length - wanted.length;
    if (wanted.length > 0) return wanted;
  }
  return [];
}

function endScan(id: number): void {
  const scan = scans.get(id);
  scans.delete(id);
  scan?.reader.close();
}

async function answer(request: Answerable): Promise<PackedBytes> {
  await loadHdf5();
  if (request.kind === 'next') return packBytes(nextBatch(request));
  return packBytes(request.files.flatMap(({ path, rows }) => readerOf(path).readRecords(rows)));
}

async function reply(request: Answerable): Promise<ReadReply> {
  const { id } = request;
  try {
    return { id, ok: true, packed: await answer(request) };
  } catch (error) {
    return { id, ok: false, error: plainError(error), isSpent: hdf5HasFailed() };
  }
}

assert(parentPort !== null, 'this file is a worker thread');
const port = parentPort;
port.on('message', async (request: ReadRequest) => {
  if (request.kind === 'end') {
    endScan(request.scan);
    return;
  }
  const result = await reply(request);
  port.postMessage(result, result.ok ? [result.packed.bytes.buffer, result.packed.ends.buffer] : []);
});
