/** Reads events back from a segment file, live or sealed, and checks what the file promises. */
import { copyBytes, writeLatin1 } from '../domain/bytes.js';
import { assert, CodedError } from '../domain/errors.js';
import { type HashedLinks, LinkPack, linksOf } from '../domain/packed-links.js';
import { HASH_BYTES, sha256Latin1 } from '../domain/stored-event.js';
import { readUuid } from '../domain/uuid.js';
import { type BlockingDisk, nodeBlockingDisk } from '../ops/blocking-disk.js';
import type { Hdf5File } from './hdf5.js';
import { RecordColumns } from './record-columns.js';
import { damagedFile, openSegmentFile, readAttributes, type SegmentAttributes } from './segment-file.js';
import { columnsOf, segmentRoot } from './segment-layout.js';

/** How large a batch of a scan may become: at least one event, whatever its size. */
export interface ScanLimits {
  rowsMax: number;
  bytesMax: number;
}

/** What room a first batch is given; each next one gets about what the one before it needed. */
const FIRST_BATCH_BYTES = 64 * 1024;

/** Blocking; `loadHdf5` must have been awaited in this thread. Rows count from 0 within the file. */
export class SegmentReader {
  readonly attributes: SegmentAttributes;
  /** Events in the file; of a live one, when it was opened. */
  readonly eventCount: number;
  readonly #file: Hdf5File;
  readonly #columns: RecordColumns;

  private constructor(file: Hdf5File) {
    this.#file = file;
    this.attributes = readAttributes(file);
    this.#columns = new RecordColumns(file, this.attributes);
    this.eventCount = this.#columns.completeRows();
    if (this.attributes.state === 'sealed') this.#checkLengths(this.attributes.eventCount);
  }

  /** Opens a file. UNSUPPORTED_FORMAT if it is of a newer format, CODEC_UNAVAILABLE, otherwise ARCHIVE_DAMAGED. */
  static open(path: string, disk: BlockingDisk = nodeBlockingDisk): SegmentReader {
    const file = openSegmentFile(disk, path);
    try {
      return new SegmentReader(file);
    } catch (error) {
      file.abandon();
      throw error;
    }
  }

  get firstSequence(): number {
    return this.attributes.firstSequence;
  }

  /**
   * The records (without the hash before them) at some rows, in the order asked for. Decodes only the chunks
   * that they lie in. The records are not checked: only a whole chain can be.
   */
  readRecords(rows: readonly number[]): Buffer[] {
    const records = new Array<Buffer>(rows.length);
    // In the order of the file, so that each chunk is decoded once.
    const order = rows.map((row, index) => ({ row, index })).sort((a, b) => a.row - b.row);
    for (const { row, index } of order) {
      assert(row >= 0 && row < this.eventCount, `row ${row} is in the segment`);
      records[index] = this.#record(row, 0);
    }
    return records;
  }

  /**
   * All links in order, in batches of their own memory. The chain is computed on the way; after the last event
   * of a sealed file its head hashes and its root are compared, and a difference is ARCHIVE_DAMAGED.
   */
  *scanLinks(batch: ScanLimits): Generator<Buffer[], void> {
    for (const pack of this.scanPacked(batch)) yield linksOf(pack);
  }

  /** The same, each batch in one piece and with the hashes of its events. */
  *scanPacked({ rowsMax, bytesMax }: ScanLimits): Generator<HashedLinks, void> {
    this.#columns.loadDictionaries();
    const heads = this.#columns.window('consultations/previous_hash').all();
    const hashes = Buffer.allocUnsafe(this.eventCount * HASH_BYTES);
    let batch = new LinkPack(Math.min(rowsMax, this.eventCount), FIRST_BATCH_BYTES);
    for (let row = 0; row < this.eventCount; row += 1) {
      const start = batch.add(HASH_BYTES + this.#look(row));
      const link = batch.bytes;
      this.#write(row, link, start + HASH_BYTES);
      const headAt = this.#columns.consultation(row) * HASH_BYTES;
      copyBytes(heads, headAt, headAt + HASH_BYTES, link, start);
      const hash = sha256Latin1(batch.last());
      writeLatin1(hash, heads, headAt);
      writeLatin1(hash, hashes, row * HASH_BYTES);
      if (batch.count < rowsMax && batch.length < bytesMax) continue;
      yield hashed(batch, hashes, row + 1);
      batch = new LinkPack(Math.min(rowsMax, this.eventCount - row - 1), batch.length + (batch.length >>> 3));
    }
    this.#checkEnd(heads, hashes);
    if (batch.count > 0) yield hashed(batch, hashes, this.eventCount);
  }

  close(): void {
    this.#file.close();
  }

  #record(row: number, headroom: number): Buffer {
    try {
      return this.#columns.record(row, headroom);
    } catch (error) {
      throw this.#unreadable(row, error);
    }
  }

  #look(row: number): number {
    try {
      return this.#columns.look(row);
    } catch (error) {
      throw this.#unreadable(row, error);
    }
  }

  #write(row: number, bytes: Buffer, start: number): void {
    try {
      this.#columns.write(bytes, start);
    } catch (error) {
      throw this.#unreadable(row, error);
    }
  }

  #unreadable(row: number, error: unknown): unknown {
    if (!(error instanceof CodedError) || error.code !== 'ARCHIVE_DAMAGED') return error;
    return damagedFile(this.#file.name, 'the event cannot be read', error, this.firstSequence + row);
  }

  /** Whether the columns agree on how many rows there are. */
  #checkLengths(eventCount: number): void {
    for (const { path } of columnsOf(this.attributes)) {
      const { rows } = this.#columns.window(path);
      const isOfEvents = path.startsWith('events/') && path !== 'events/payload';
      const isOfConsultations = path.startsWith('consultations/');
      const isOfKeys = path.startsWith('keys/');
      const dictionary = isOfKeys ? 'keys/digest' : 'consultations/id';
      const expected = isOfEvents ? eventCount : this.#columns.window(dictionary).rows;
      if ((isOfEvents || isOfConsultations || isOfKeys) && rows !== expected) {
        throw damagedFile(this.#file.name, `${path} has ${rows} rows and not ${expected}`);
      }
    }
    if (this.eventCount !== eventCount) throw damagedFile(this.#file.name, 'payload_end ends in a zero');
  }

  /** The comparisons that only a sealed file allows. Each consultation's first, since it says where to look. */
  #checkEnd(heads: Buffer, hashes: Buffer): void {
    const { attributes } = this;
    if (attributes.state !== 'sealed') return;
    const stored = this.#columns.window('consultations/head_hash').all();
    if (!stored.equals(heads)) throw this.#wrongHead(heads, stored);
    const root = segmentRoot(attributes.previousRoot, attributes.firstSequence, hashes);
    if (root !== attributes.root) {
      throw damagedFile(this.#file.name, 'its root differs from its events', undefined, this.firstSequence);
    }
  }

  /** Names the first event of the first consultation whose chain does not end in its head. */
  #wrongHead(heads: Buffer, stored: Buffer): CodedError {
    const isWrong = (consultation: number): boolean => {
      const at = consultation * HASH_BYTES;
      return heads.compare(stored, at, at + HASH_BYTES, at, at + HASH_BYTES) !== 0;
    };
    let row = 0;
    while (row < this.eventCount - 1 && !isWrong(this.#columns.consultation(row))) row += 1;
    const id = Buffer.alloc(16);
    const consultation = this.#columns.consultation(row);
    this.#columns.window('consultations/id').copy(consultation, consultation + 1, id, 0);
    const consultationId = readUuid(id, 0);
    const what = `the chain of consultation ${consultationId}, which starts here, does not end in its head hash`;
    return damagedFile(this.#file.name, what, undefined, this.firstSequence + row, consultationId);
  }
}

/** A batch with the hashes of its events, which are the last of the first `endRow`; in memory of their own. */
function hashed(batch: LinkPack, hashes: Buffer, endRow: number): HashedLinks {
  const own = Buffer.allocUnsafeSlow(batch.count * HASH_BYTES);
  hashes.copy(own, 0, (endRow - batch.count) * HASH_BYTES, endRow * HASH_BYTES);
  const { bytes, ends } = batch.packed();
  return { bytes, ends, hashes: own };
}
