/** What a sealing thread does: rewrites full journals as sealed segments, each when it is told to. */
import { CodedError } from '../../domain/errors.js';
import { FILE_HEADER_BYTES, WHAT_TO_DO } from '../../log/journal-format.js';
import { readBlocks } from '../../log/journal-scanner.js';
import type { Disk } from '../../ops/disk.js';
import { type PlainFailure, plainFailure } from '../../ops/disk-failure.js';
import type { ThreadPort } from '../../ops/machine.js';
import { parseCodec } from '../../segments/codecs/codec-table.js';
import { hdf5HasFailed } from '../../segments/hdf5.js';
import { sealSegment } from '../../segments/seal-segment.js';
import type { SealedSegment } from '../../segments/segment-layout.js';

/** What is to be sealed, and how. */
export interface SealWork {
  journal: { path: string; firstSequence: number; endOffset: number };
  previousRoot: string;
  codec: string;
  /** Where the sealed file is to be. */
  path: string;
}

/** `isSpent` when HDF5 threw on the way, as a filter that gives up on a column makes it do: the thread is done for. */
export type SealReport =
  | { kind: 'sealed'; segment: SealedSegment; isSpent: boolean }
  | ({ kind: 'failed' } & PlainFailure);

/** Answers each message, which is a SealWork, with a SealReport. The next one is sent after that. */
export function serveSealing(port: ThreadPort, disk: Disk): void {
  port.on('message', (work) => {
    void sealJournal(work as SealWork, disk).then((report) => port.postMessage(report));
  });
}

/** Seals a journal. Blocking for much of it. Whatever fails is told and not thrown. */
export async function sealJournal(work: SealWork, disk: Disk): Promise<SealReport> {
  return reported(seal(work, disk));
}

/** The outcome of a rewriting, as it crosses threads. */
export function reported(sealing: Promise<SealedSegment>): Promise<SealReport> {
  return sealing
    .then((segment): SealReport => ({ kind: 'sealed', segment, isSpent: hdf5HasFailed() }))
    .catch((error): SealReport => ({ kind: 'failed', ...plainFailure(error) }));
}

async function seal({ journal, previousRoot, codec, path }: SealWork, disk: Disk): Promise<SealedSegment> {
  const { firstSequence, endOffset } = journal;
  const file = await disk.open(journal.path, { mode: 'read' });
  async function* links(): AsyncGenerator<Buffer[]> {
    let offset = FILE_HEADER_BYTES;
    for await (const block of readBlocks(file, FILE_HEADER_BYTES, endOffset)) {
      if (block.links.length > 0) yield block.links;
      offset = block.end;
    }
    // A segment of fewer events would take the place of the journal that still has them.
    if (offset < endOffset) throw damagedSince(firstSequence, offset);
  }
  try {
    return await sealSegment({ links, firstSequence, previousRoot, codec: parseCodec(codec), path, disk });
  } finally {
    await file.close();
  }
}

function damagedSince(firstSequence: number, offset: number): CodedError {
  const message = `The journal from event ${firstSequence} cannot be sealed: at offset ${offset} it does not read as it was written. ${WHAT_TO_DO}`;
  return new CodedError('LOG_DAMAGED', message);
}
