/** What live and sealed files share: their datasets, their attributes, and how one is opened again. */
import { basename } from 'node:path';
import { CodedError } from '../domain/errors.js';
import { EVENT_TYPES } from '../domain/event-types.js';
import type { BlockingDisk } from '../ops/blocking-disk.js';
import type { Hdf5Filter } from './codecs/codec.js';
import { type DatasetShape, Hdf5File } from './hdf5.js';
import { type Column, GROUPS, SEGMENT_FORMAT, SEGMENT_FORMAT_VERSION } from './segment-layout.js';

/** What a segment file says of itself, beside its format and the names of the event types. */
type WrittenAttributes =
  | { state: 'live'; firstSequence: number }
  | {
      state: 'sealed';
      firstSequence: number;
      eventCount: number;
      codec: string;
      previousRoot: string;
      root: string;
    };

export type SegmentAttributes = WrittenAttributes & { formatVersion: number };

/** How a column is laid out in a live file: uncompressed, growing, in small chunks of whole rows. */
export function liveShape({ type, width, liveChunkRows }: Column): DatasetShape {
  return { type, width, chunkRows: liveChunkRows, chunkWidth: width, growable: true, filter: undefined };
}

/**
 * How a column is laid out in a sealed file. `rows` is how many it has in all, when that is known at its
 * creation: then its one chunk is no longer than needed.
 */
export function sealedShape(
  { type, width, chunkWidth }: Column,
  chunkRows: number,
  filter: Hdf5Filter | undefined,
  rows?: number,
): DatasetShape {
  if (rows === undefined || rows === 0) {
    return { type, width, chunkRows, chunkWidth, growable: true, filter };
  }
  return { type, width, chunkRows: Math.min(chunkRows, rows), chunkWidth, growable: false, filter };
}

export function createGroups(file: Hdf5File): void {
  for (const group of GROUPS) file.createGroup(group);
}

/** Says what a new file is. It is of the newest format version. */
export function writeAttributes(file: Hdf5File, attributes: WrittenAttributes): void {
  file.setAttribute('format', SEGMENT_FORMAT);
  file.setAttribute('format_version', BigInt(SEGMENT_FORMAT_VERSION));
  file.setAttribute('state', attributes.state);
  file.setAttribute('first_sequence', BigInt(attributes.firstSequence));
  file.setAttribute('event_types', EVENT_TYPES);
  if (attributes.state === 'live') return;
  file.setAttribute('event_count', BigInt(attributes.eventCount));
  file.setAttribute('codec', attributes.codec);
  file.setAttribute('previous_root', attributes.previousRoot);
  file.setAttribute('root', attributes.root);
}

/** ARCHIVE_DAMAGED for a file that is not what it should be. */
export function damagedFile(
  file: string,
  what: string,
  cause?: unknown,
  sequence?: number,
  consultationId?: string,
): CodedError {
  const place = sequence === undefined ? '' : ` (sequence ${sequence})`;
  return new CodedError(
    'ARCHIVE_DAMAGED',
    `${file} is damaged${place}: ${what}. Restore this file from a backup, then run "fi-consult verify".`,
    {
      cause,
      extensions: {
        file,
        ...(sequence !== undefined && { sequence }),
        ...(consultationId !== undefined && { consultation_id: consultationId }),
      },
    },
  );
}

function number(file: Hdf5File, name: string): number {
  const value = file.attribute(name);
  if (typeof value !== 'bigint' || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw damagedFile(file.name, `attribute ${name} is missing or no uint64`);
  }
  return Number(value);
}

function text(file: Hdf5File, name: string): string {
  const value = file.attribute(name);
  if (typeof value !== 'string') throw damagedFile(file.name, `attribute ${name} is missing or no text`);
  return value;
}

/** Reads and checks the attributes. UNSUPPORTED_FORMAT for a newer format, ARCHIVE_DAMAGED for anything else. */
export function readAttributes(file: Hdf5File): SegmentAttributes {
  if (file.attribute('format') !== SEGMENT_FORMAT) throw damagedFile(file.name, 'it is not a segment file');
  const formatVersion = number(file, 'format_version');
  if (formatVersion < 1 || formatVersion > SEGMENT_FORMAT_VERSION) {
    const message = `${file.name} has format ${formatVersion}; this version reads 1 to ${SEGMENT_FORMAT_VERSION}. Upgrade fi-consult.`;
    throw new CodedError('UNSUPPORTED_FORMAT', message, { extensions: { file: file.name } });
  }
  const firstSequence = number(file, 'first_sequence');
  const state = text(file, 'state');
  if (state === 'live') return { formatVersion, state, firstSequence };
  if (state !== 'sealed') throw damagedFile(file.name, 'its state is neither live nor sealed');
  return {
    formatVersion,
    state,
    firstSequence,
    eventCount: number(file, 'event_count'),
    codec: text(file, 'codec'),
    previousRoot: text(file, 'previous_root'),
    root: text(file, 'root'),
  };
}

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
/** Superblock version 3: its version at byte 8, its consistency flags at byte 11 (HDF5 file format, II.A). */
const SUPERBLOCK_BYTES = 12;

function superblock(disk: BlockingDisk, path: string): Buffer {
  const head = Buffer.alloc(SUPERBLOCK_BYTES);
  try {
    const file = disk.open(path, 'read');
    try {
      file.read(head, 0);
    } finally {
      file.close();
    }
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw damagedFile(basename(path), missing ? 'the file is missing' : 'it cannot be opened', cause);
  }
  return head;
}

/**
 * Opens a segment file for reading. A file that is being written, or was when its writer was killed, says so in
 * its superblock and is opened as a SWMR reader does.
 */
export function openSegmentFile(disk: BlockingDisk, path: string): Hdf5File {
  const head = superblock(disk, path);
  if (!head.subarray(0, SIGNATURE.length).equals(SIGNATURE) || head[8] !== 3) {
    throw damagedFile(basename(path), 'it is no HDF5 file of version 1.10');
  }
  return Hdf5File.open(disk, path, { swmr: head[11] !== 0 });
}
