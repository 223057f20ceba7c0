/** What a sealing thread does: rewrites one full journal as a sealed segment. */
import { CodedError } from '../../domain/errors.js';
import { FILE_HEADER_BYTES, WHAT_TO_DO } from '../../log/journal-format.js';
import { readBlocks } from '../../log/journal-scanner.js';
import type { Disk } from '../../ops/disk.js';
import { type PlainFailure, plainFailure } from '../../ops/disk-failure.js';
import { parseCodec } from '../../segments/codecs/codec-table.js';
import { sealSegment } from '../../segments/seal-segment.js';
import type { SealedSegment } from '../../segments/segment-layout.js';

export interface SealWorkerData {
  journal: { path: string; firstSequence: number; endOffset: number };
  previousRoot: string;
  codec: string;
  /** Where the sealed file is to be. */
  path: string;
}

export type SealReport = { kind: 'sealed'; segment: SealedSegment } | ({ kind: 'failed' } & PlainFailure);

/** Seals a journal. Blocking for much of it. Whatever fails is told and not thrown. */
export async function sealJournal(data: SealWorkerData, disk: Disk): Promise<SealReport> {
  return reported(seal(data, disk));
}

/** The outcome of a rewriting, as it crosses threads. */
export function reported(sealing: Promise<SealedSegment>): Promise<SealReport> {
  return sealing
    .then((segment): SealReport => ({ kind: 'sealed', segment }))
    .catch((error): SealReport => ({ kind: 'failed', ...plainFailure(error) }));
}

async function seal(
  { journal, previousRoot, codec, path }: SealWorkerData,
  disk: Disk,
): Promise<SealedSegment> {
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
