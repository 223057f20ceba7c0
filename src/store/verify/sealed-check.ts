/** Checks one sealed segment: the file against the manifest, then every event in it. */
import { join } from 'node:path';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { CodedError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { HASH_BYTES, sha256Latin1 } from '../../domain/stored-event.js';
import type { Disk } from '../../ops/disk.js';
import { ByteColumn } from '../../segments/byte-column.js';
import { digestFile } from '../../segments/file-digest.js';
import { loadHdf5 } from '../../segments/hdf5.js';
import { ReadThread } from '../../segments/read-thread.js';
import { type SealedSegment, segmentRoot } from '../../segments/segment-layout.js';
import { SegmentReader } from '../../segments/segment-reader.js';
import type { AnchorCheck } from './anchor-check.js';
import type { ChainCheck } from './chain-check.js';
import { SEGMENTS } from './data-directory.js';
import { type Damage, unreadable, type VerifyReport } from './verify-report.js';

export interface SealedCheckOptions {
  disk: Disk;
  dataDir: string;
  report: VerifyReport;
  chain: ChainCheck;
  anchors: AnchorCheck;
  /** What the manifest says of this segment now, if it says something else: it was repacked meanwhile. */
  relisted: (segment: SealedSegment) => Promise<SealedSegment | undefined>;
  /** Whether to look for the damaged event in a file whose bytes are not those that were written. */
  locate: boolean;
}

const BATCH = { rowsMax: limits.archiveBatchEventsMax, bytesMax: limits.archiveBatchBytesMax };

/** Checks a segment and reports what is wrong. The events of one that is damaged are a gap to the chain. */
export async function checkSealed(segment: SealedSegment, options: SealedCheckOptions): Promise<void> {
  const { report, chain } = options;
  const file = `${SEGMENTS}/${segment.file}`;
  const fault = await fileFault(segment, options);
  if (fault === undefined) {
    await checkSealedEvents(segment, options);
    return;
  }
  const relisted = await options.relisted(segment);
  if (relisted !== undefined) {
    await checkSealed(relisted, options);
    return;
  }
  const found = fault.isReadable && options.locate ? await locate(segment, options) : undefined;
  report.damage({
    file,
    what: `${fault.what}${found === undefined ? '' : `; ${found.what}`}`,
    ...found?.place,
  });
  if (found?.isWhole) {
    await checkSealedEvents(segment, options);
    return;
  }
  chain.gap();
  report.done(segment.fileBytes);
}

interface FileFault {
  what: string;
  isReadable: boolean;
}

/** What makes the file another one than the manifest lists; `undefined` if every byte is as it was written. */
async function fileFault(
  segment: SealedSegment,
  { disk, dataDir }: SealedCheckOptions,
): Promise<FileFault | undefined> {
  try {
    const { fileBytes, sha256 } = await digestFile(disk, join(dataDir, SEGMENTS, segment.file));
    if (fileBytes !== segment.fileBytes) {
      return { what: `it has ${fileBytes} bytes and not ${segment.fileBytes}`, isReadable: true };
    }
    if (sha256 === segment.sha256) return undefined;
    return { what: 'its bytes do not have the SHA-256 that they were written with', isReadable: true };
  } catch (error) {
    return { what: unreadable(error), isReadable: false };
  }
}

/** Where in a damaged file the damage shows. */
interface Location {
  what: string;
  place: Pick<Damage, 'sequence' | 'consultationId'>;
  /** The damage touches no event. */
  isWhole: boolean;
}

/**
 * Reads the events of a damaged file. In a thread that is thrown away, within a time: HDF5 was not made for files
 * that lie, and may leave handles open, take all memory, or never come back.
 */
async function locate(
  { file, firstSequence, previousRoot, root }: SealedSegment,
  { dataDir }: SealedCheckOptions,
): Promise<Location> {
  const thread = new ReadThread();
  const timer = setTimeout(() => void thread.close(), limits.verifyLocateMs);
  try {
    const hashes = new ByteColumn();
    for await (const links of thread.scan(join(dataDir, SEGMENTS, file), 0)) {
      for (const link of links) hashes.latin1(sha256Latin1(link));
    }
    const isWhole = segmentRoot(previousRoot, firstSequence, hashes.front(hashes.length)) === root;
    const what = isWhole ? 'none of its events is touched' : 'it holds other events than the manifest says';
    return { what, place: isWhole ? {} : { sequence: firstSequence }, isWhole };
  } catch (error) {
    return { ...locationOf(error), isWhole: false };
  } finally {
    clearTimeout(timer);
    await thread.close();
  }
}

function locationOf(error: unknown): Omit<Location, 'isWhole'> {
  const { sequence, consultation_id } = error instanceof CodedError ? (error.extensions ?? {}) : {};
  if (typeof sequence !== 'number') return { what: 'its events cannot be read', place: {} };
  if (typeof consultation_id !== 'string')
    return { what: 'damaged events from here on', place: { sequence } };
  return {
    what: 'an event of this consultation, from here on, is not what was stored',
    place: { sequence, consultationId: consultation_id },
  };
}

/** Checks every event of a segment whose file is sound, or has to be taken as such. */
export async function checkSealedEvents(segment: SealedSegment, options: SealedCheckOptions): Promise<void> {
  const { dataDir, report, chain, anchors } = options;
  const file = `${SEGMENTS}/${segment.file}`;
  const { firstSequence, eventCount, previousRoot } = segment;
  const hashes = new ByteColumn();
  try {
    await loadHdf5();
    const reader = SegmentReader.open(join(dataDir, SEGMENTS, segment.file), options.disk.blocking);
    try {
      const attribute = wrongAttribute(reader, segment);
      if (attribute !== undefined) {
        report.damage({ file, what: `its attribute ${attribute} is not what the manifest says` });
      }
      for (const links of reader.scanLinks(BATCH)) {
        for (const link of links) {
          const sequence = firstSequence + hashes.length / HASH_BYTES;
          hashes.latin1(chain.add(link, { file, sequence }));
        }
        report.done(Math.floor((segment.fileBytes * links.length) / eventCount));
        await endOfTurn();
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    // A file that is open stays readable; one that was repacked before that is gone.
    const relisted = hashes.length === 0 ? await options.relisted(segment) : undefined;
    if (relisted !== undefined) {
      await checkSealed(relisted, options);
      return;
    }
    report.damage({ file, ...locationOf(error).place, what: error.message });
    chain.gap();
    return;
  }
  const all = hashes.front(hashes.length);
  if (segmentRoot(previousRoot, firstSequence, all) !== segment.root) {
    report.damage({ file, sequence: firstSequence, what: 'its events do not have the root of the manifest' });
  }
  anchors.check(file, previousRoot, firstSequence, all);
}

function wrongAttribute({ attributes }: SegmentReader, segment: SealedSegment): string | undefined {
  if (attributes.state !== 'sealed') return 'state';
  const names = ['firstSequence', 'eventCount', 'codec', 'previousRoot', 'root'] as const;
  return names.find((name) => attributes[name] !== segment[name]);
}
