/**
 * What the reading thread does: reads sealed segments, one request after another.
 *
 * It keeps the last few files open, since pages of one consultation come from few segments. A scan has a reader
 * of its own, which holds more (whole dictionaries) and goes when the scan ends.
 */
import { limits } from '../domain/limits.js';
import { type PackedLinks, withoutFirst } from '../domain/packed-links.js';
import type { BlockingDisk } from '../ops/blocking-disk.js';
import type { ThreadPort } from '../ops/machine.js';
import { hdf5HasFailed, loadHdf5 } from './hdf5.js';
import {
  type PackedBytes,
  packBytes,
  plainError,
  type ReadReply,
  type ReadRequest,
  transferable,
  transferred,
} from './read-protocol.js';
import { SegmentReader } from './segment-reader.js';

interface Scan {
  reader: SegmentReader;
  batches: Generator<PackedLinks, void>;
  /** Links that are computed, because the chain starts at the file's first event, but not asked for. */
  skip: number;
}

type Answerable = Exclude<ReadRequest, { kind: 'end' }>;

const BATCH = { rowsMax: limits.archiveBatchEventsMax, bytesMax: limits.archiveBatchBytesMax };

/** Answers requests until its thread ends. */
export function serveReads(port: ThreadPort, disk: BlockingDisk): void {
  const reads = new Reads(disk);
  port.on('message', async (message) => {
    const request = message as ReadRequest;
    if (request.kind === 'end') {
      reads.endScan(request.scan);
      return;
    }
    const result = await reads.reply(request);
    port.postMessage(result, result.ok ? transferred(result.packed) : []);
  });
}

class Reads {
  /** In the order of their last use; sealed files never change, so nothing in here gets stale. */
  readonly #readers = new Map<string, SegmentReader>();
  readonly #scans = new Map<number, Scan>();

  constructor(private readonly disk: BlockingDisk) {}

  async reply(request: Answerable): Promise<ReadReply> {
    const { id } = request;
    try {
      return { id, ok: true, packed: await this.#answer(request) };
    } catch (error) {
      return { id, ok: false, error: plainError(error), isSpent: hdf5HasFailed() };
    }
  }

  async #answer(request: Answerable): Promise<PackedBytes> {
    await loadHdf5();
    if (request.kind === 'next') return this.#nextBatch(request);
    return packBytes(request.files.flatMap(({ path, rows }) => this.#readerOf(path).readRecords(rows)));
  }

  #readerOf(path: string): SegmentReader {
    const reader = this.#readers.get(path) ?? SegmentReader.open(path, this.disk);
    this.#readers.delete(path);
    this.#readers.set(path, reader);
    for (const [oldest, idle] of this.#readers) {
      if (this.#readers.size <= limits.openSegmentsMax) break;
      this.#readers.delete(oldest);
      idle.close();
    }
    return reader;
  }

  /** The next links of a scan; none when it is at its end. */
  #nextBatch({ scan: id, path, fromRow }: { scan: number; path: string; fromRow: number }): PackedBytes {
    let scan = this.#scans.get(id);
    if (scan === undefined) {
      const reader = SegmentReader.open(path, this.disk);
      scan = { reader, batches: reader.scanPacked(BATCH), skip: fromRow };
      this.#scans.set(id, scan);
    }
    // Not a for-of loop: leaving one ends the generator.
    for (let next = scan.batches.next(); !next.done; next = scan.batches.next()) {
      const { ends } = next.value;
      const skipped = Math.min(scan.skip, ends.length);
      scan.skip -= skipped;
      if (skipped < ends.length) return transferable(withoutFirst(next.value, skipped));
    }
    return packBytes([]);
  }

  endScan(id: number): void {
    const scan = this.#scans.get(id);
    this.#scans.delete(id);
    scan?.reader.close();
  }
}
