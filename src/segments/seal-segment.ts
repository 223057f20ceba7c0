/**
 * Sealing: the events of a full segment rewritten with a codec into a file that never changes again.
 *
 * The file is written under a name of its own, fsynced, read back and compared with its source, and only then
 * given its place. Interrupted anywhere, it is simply done again: nothing refers to it before it has its place,
 * and the source is kept until the manifest lists it.
 */
import { basename, dirname } from 'node:path';
import { assert } from '../domain/errors.js';
import type { Disk } from '../ops/disk.js';
import { ByteColumn } from './byte-column.js';
import type { Codec } from './codecs/codec.js';
import { digestFile } from './file-digest.js';
import { Hdf5File, loadHdf5 } from './hdf5.js';
import { FilterGaveUpError } from './hdf5-errors.js';
import { SegmentBuilder } from './segment-builder.js';
import { createGroups, damagedFile, writeAttributes } from './segment-file.js';
import { type SealedSegment, segmentRoot } from './segment-layout.js';
import { SegmentReader } from './segment-reader.js';
import { SegmentWriter } from './segment-writer.js';

/** Links in order of sequence, in batches of any size; asked for several times, and the same each time. */
export type LinkSource = () => Iterable<readonly Buffer[]> | AsyncIterable<readonly Buffer[]>;

export interface SealOptions {
  links: LinkSource;
  firstSequence: number;
  /** The root of the segment before, in hex; GENESIS_ROOT for the first. */
  previousRoot: string;
  codec: Codec;
  /** Where the file is to be; `path + '.tmp'` is used on the way. */
  path: string;
  disk: Disk;
}

/** Links compared between two looks at the source. */
const COMPARED_AT_ONCE = { rowsMax: 1024, bytesMax: 4 * 1024 * 1024 };

type Written = Pick<SealedSegment, 'eventCount' | 'payloadBytes' | 'linkBytes' | 'root'>;

/**
 * Seals a segment. Blocking between batches, so it belongs into a worker thread.
 *
 * Throws STORAGE_FULL or INTERNAL_ERROR when it cannot write, LOG_DAMAGED when the source breaks a chain, and
 * ARCHIVE_DAMAGED when the file does not read back as it was written. The place `path` then is as it was.
 */
export async function sealSegment(options: SealOptions): Promise<SealedSegment> {
  const { firstSequence, previousRoot, codec, path, disk } = options;
  await loadHdf5();
  const unplaced = `${path}.tmp`;
  await disk.remove(unplaced);
  try {
    const written = await writeFile(options, unplaced);
    await syncFile(disk, unplaced);
    const { fileBytes, sha256 } = await digestFile(disk, unplaced);
    await compare(options, unplaced);
    // The digest stands for the bytes that were compared, and not for a bit that was read wrong.
    if ((await digestFile(disk, unplaced)).sha256 !== sha256) throw unsteady(unplaced);
    await disk.rename(unplaced, path);
    await disk.syncDirectory(dirname(path));
    const lastSequence = firstSequence + written.eventCount - 1;
    const file = basename(path);
    return {
      file,
      firstSequence,
      lastSequence,
      ...written,
      fileBytes,
      codec: codec.text,
      previousRoot,
      sha256,
    };
  } catch (error) {
    // The error at hand says more than a failure to remove a file that the next attempt removes anyway.
    await disk.remove(unplaced).catch(() => undefined);
    throw error;
  }
}

/** Writes the file; if the codec's filter gives up on a column, once more with that column plain. */
async function writeFile(options: SealOptions, path: string): Promise<Written> {
  const plain = new Set<string>();
  for (;;) {
    try {
      return await writeFileOnce(options, path, plain);
    } catch (error) {
      if (!(error instanceof FilterGaveUpError)) throw error;
      assert(!plain.has(error.dataset), 'a plain column has no filter');
      plain.add(error.dataset);
    }
  }
}

async function writeFileOnce(
  options: SealOptions,
  path: string,
  plain: ReadonlySet<string>,
): Promise<Written> {
  const file = Hdf5File.create(options.disk.blocking, path);
  let written: Written;
  try {
    written = await writeEvents(options, file, plain);
  } catch (error) {
    file.abandon();
    throw error;
  }
  // Closing writes what HDF5 still holds, so a failure to close is one to write.
  file.close();
  return written;
}

async function writeEvents(
  options: SealOptions,
  file: Hdf5File,
  plain: ReadonlySet<string>,
): Promise<Written> {
  const { links, firstSequence, previousRoot, codec } = options;
  const builder = new SegmentBuilder(firstSequence);
  const writer = new SegmentWriter(file, codec, builder, plain);
  const hashes = new ByteColumn();
  createGroups(file);
  for await (const batch of links()) {
    for (const link of batch) {
      hashes.latin1(builder.add(link));
      // Asked after each event and not each batch, so that memory does not depend on the size of batches.
      writer.drainIfDue();
    }
  }
  writer.finish();
  const { eventCount, payloadBytes, linkBytes } = builder;
  assert(eventCount > 0, 'a segment has events');
  const root = segmentRoot(previousRoot, firstSequence, hashes.front(hashes.length));
  const common = { firstSequence, eventCount, codec: codec.text, previousRoot, root };
  writeAttributes(file, { state: 'sealed', ...common });
  return { eventCount, payloadBytes, linkBytes, root };
}

async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, { mode: 'write' });
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads the file back, which checks its chains and its root, and compares each link with the source. */
async function compare({ links, firstSequence, disk }: SealOptions, path: string): Promise<void> {
  const reader = SegmentReader.open(path, disk.blocking);
  try {
    const readBack = linksOneByOne(reader);
    let sequence = firstSequence;
    for await (const batch of links()) {
      for (const link of batch) {
        const { value } = readBack.next();
        if (value === undefined || !value.equals(link)) throw differs(path, sequence);
        sequence += 1;
      }
    }
    if (readBack.next().done !== true) throw differs(path, sequence);
  } finally {
    reader.close();
  }
}

function* linksOneByOne(reader: SegmentReader): Generator<Buffer, undefined> {
  for (const batch of reader.scanLinks(COMPARED_AT_ONCE)) yield* batch;
  return undefined;
}

function differs(path: string, sequence: number): Error {
  return damagedFile(basename(path), 'it does not read back as it was written', undefined, sequence);
}

function unsteady(path: string): Error {
  return damagedFile(basename(path), 'it reads otherwise each time');
}
