/**
 * Rewrites the sealed segments of a data directory with another codec, one at a time, also while a service owns the
 * directory: the service finds the new file when it next reads, and both change the manifest under one lock.
 *
 * Interrupted anywhere, each segment has its old file or its new one, and the next repack, or the next start of the
 * service, removes what is left over. Running it again goes on with the segments that are still to do.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CodedError } from '../domain/errors.js';
import { type Disk, nodeDisk } from '../ops/disk.js';
import { diskFailure } from '../ops/disk-failure.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import { removeRepackLeftovers, requireRepackLock } from '../segments/repacking.js';
import { SegmentArchive } from '../segments/segment-archive.js';
import type { SealedSegment } from '../segments/segment-layout.js';
import type { RepackWorkerData } from './followers/repack-worker.js';
import type { SealReport } from './followers/seal-task.js';

/** Rewrites one segment and gives its new line of the manifest. */
export type Rewrite = (work: RepackWorkerData) => Promise<SealedSegment>;

export interface RepackOptions {
  dataDir: string;
  /** As in FI_CODEC. */
  codec: string;
  disk?: Disk;
  /** In a worker thread by default. */
  rewrite?: Rewrite;
  /** Ends it after the segment under way. */
  signal?: AbortSignal;
  /** Called before the first segment and after each: how many are done, of how many that have another codec. */
  onProgress?: (done: number, total: number) => void;
}

export interface RepackResult {
  /** All that are sealed. */
  segments: number;
  /** Those that were rewritten, and what their files took before and after. */
  repacked: number;
  bytesBefore: number;
  bytesAfter: number;
}

/**
 * Rewrites every segment that was sealed when it began and has another codec. Resolves early when `signal` aborts.
 *
 * Throws INVALID_SETTINGS for an unknown codec, DATA_DIR_LOCKED while another repack runs, CODEC_UNAVAILABLE,
 * STORAGE_FULL, DISK_FAILED, and ARCHIVE_DAMAGED for a segment that is damaged; those before it are done then.
 */
export async function repackStore(options: RepackOptions): Promise<RepackResult> {
  const { dataDir, disk = nodeDisk } = options;
  const codec = parseCodec(options.codec).text;
  const directory = join(dataDir, 'segments');
  const lock = await requireRepackLock(disk, directory);
  try {
    return await repackLocked(options, disk, codec, directory);
  } catch (error) {
    throw diskFailure(error);
  } finally {
    await lock.close();
  }
}

async function repackLocked(
  options: RepackOptions,
  disk: Disk,
  codec: string,
  directory: string,
): Promise<RepackResult> {
  await removeRepackLeftovers(disk, directory);
  const archive = await SegmentArchive.open({ disk, directory });
  try {
    return await repackAll(archive, codec, directory, options);
  } finally {
    await archive.close();
    // A failure to tidy up must not hide what failed.
    await removeRepackLeftovers(disk, directory).catch(() => undefined);
  }
}

async function repackAll(
  archive: SegmentArchive,
  codec: string,
  directory: string,
  { rewrite = rewriteInThread, signal, onProgress }: RepackOptions,
): Promise<RepackResult> {
  const { segments } = archive;
  const work = segments.filter((segment) => segment.codec !== codec);
  const result: RepackResult = { segments: segments.length, repacked: 0, bytesBefore: 0, bytesAfter: 0 };
  onProgress?.(0, work.length);
  for (const segment of work) {
    if (signal?.aborted) break;
    const repacked = await rewrite({ segment, codec, directory });
    await archive.replace(segment, repacked);
    result.repacked += 1;
    result.bytesBefore += segment.fileBytes;
    result.bytesAfter += repacked.fileBytes;
    onProgress?.(result.repacked, work.length);
  }
  return result;
}

function rewriteInThread(workerData: RepackWorkerData): Promise<SealedSegment> {
  const worker = new Worker(new URL('./followers/repack-worker.js', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once('message', (report: SealReport) => {
      if (report.kind === 'sealed') resolve(report.segment);
      else reject(new CodedError(report.code, report.message));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the repacking thread ended')));
  });
}
