/** What the index's thread does: brings the index up to the log, from the sealed segments first, then the journal. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { SequencedLink } from '../../domain/stored-event.js';
import { type IndexStorage, lmdbStorage } from '../../index/index-tables.js';
import { IndexWriter } from '../../index/index-writer.js';
import type { KeysKept } from '../../index/key-memory.js';
import type { Disk } from '../../ops/disk.js';
import type { ThreadPort } from '../../ops/machine.js';
import { loadHdf5 } from '../../segments/hdf5.js';
import { openSealedSegment } from '../../segments/open-sealed-segment.js';
import type { SealedSegment } from '../../segments/segment-layout.js';
import type { FollowerReport } from './follower-protocol.js';
import type { Follower } from './journal-follower.js';

export interface IndexWorkerData {
  directory: string;
  /** Every sealed segment, oldest first, and where their files are. */
  sealed: readonly SealedSegment[];
  segmentsDirectory: string;
  keysKept: KeysKept;
}

/** What the thread has to do with. */
export interface IndexThread {
  port: ThreadPort;
  disk: Disk;
  storage?: IndexStorage;
}

/** Events read and indexed at a time while sealed segments are indexed again. */
const REBUILD_BATCH = { rowsMax: 1000, bytesMax: 4 * 1024 * 1024 };

function sequenced(links: readonly Buffer[], firstSequence: number): SequencedLink[] {
  return links.map((link, index) => ({ sequence: firstSequence + index, link }));
}

/** Opens the index and brings it up to the sealed segments. Errors are those of the index and of reading segments. */
export async function openIndexFollower(
  { directory, sealed, segmentsDirectory, keysKept }: IndexWorkerData,
  { port, disk, storage = lmdbStorage }: IndexThread,
  closing: AbortSignal,
): Promise<Follower> {
  const report = (message: FollowerReport): void => port.postMessage(message);
  const open = (): Promise<IndexWriter> => openWriter(directory, storage, keysKept, report);
  const writer = await open();
  try {
    await indexSealed(writer, sealed, segmentsDirectory, disk, report);
  } catch (error) {
    // Events of a segment that turned out to be damaged at its end may be in it, and would stay.
    await writer.close();
    await storage.delete(directory);
    throw error;
  }
  return new PatientIndex(writer, open, report, closing);
}

async function indexSealed(
  writer: IndexWriter,
  sealed: readonly SealedSegment[],
  segmentsDirectory: string,
  disk: Disk,
  report: (message: FollowerReport) => void,
): Promise<void> {
  const missing = sealed.filter(({ lastSequence }) => lastSequence > writer.appliedSequence);
  if (missing.length > 0) await loadHdf5();
  for (const segment of missing) {
    const reader = await openSealedSegment(disk, segmentsDirectory, segment);
    try {
      let next = segment.firstSequence;
      for (const links of reader.scanLinks(REBUILD_BATCH)) {
        writer.apply(sequenced(links, next));
        next += links.length;
      }
    } finally {
      reader.close();
    }
    report({ kind: 'rebuilding', sequence: writer.appliedSequence });
  }
}

/** Opens the index; one that cannot be used is thrown away, since all of it can be made again. */
async function openWriter(
  directory: string,
  storage: IndexStorage,
  keysKept: KeysKept,
  report: (message: FollowerReport) => void,
): Promise<IndexWriter> {
  const opened = await IndexWriter.open(directory, storage, keysKept);
  if (opened.kind === 'open') return opened.index;
  report({ kind: 'discarded', reason: opened.reason });
  await storage.delete(directory);
  const anew = await IndexWriter.open(directory, storage, keysKept);
  if (anew.kind === 'open') return anew.index;
  throw new CodedError('INTERNAL_ERROR', `The index cannot be made: ${anew.reason}.`);
}

/**
 * Writes the index, and waits where it cannot: a disk that is full has room again some day, and until then the
 * newest events are found in memory.
 */
class PatientIndex implements Follower {
  private writer: IndexWriter | undefined;
  appliedSequence: number;

  constructor(
    writer: IndexWriter,
    private readonly open: () => Promise<IndexWriter>,
    private readonly report: (message: FollowerReport) => void,
    private readonly closing: AbortSignal,
  ) {
    this.writer = writer;
    this.appliedSequence = writer.appliedSequence;
  }

  async apply(links: readonly SequencedLink[]): Promise<void> {
    for (;;) {
      try {
        this.writer ??= await this.open();
        this.writer.apply(links);
        this.appliedSequence = this.writer.appliedSequence;
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code === 'LOG_DAMAGED') throw error;
        await this.reopenLater(error as Error);
      }
    }
  }

  private async reopenLater({ message }: Error): Promise<void> {
    this.report({ kind: 'late', reason: message });
    // After a commit that failed the environment is not used again.
    const { writer } = this;
    this.writer = undefined;
    await writer?.close();
    await delay(limits.indexRetryMs, undefined, { signal: this.closing });
  }

  snapshot(consultationId: string, value: Uint8Array): void {
    try {
      this.writer?.snapshot(consultationId, value);
    } catch {
      // Nothing rests on a snapshot; the next event finds out whether the index can be written again.
    }
  }

  async close(): Promise<void> {
    await this.writer?.close();
  }
}
