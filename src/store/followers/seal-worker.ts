/** Worker thread: seals one full journal, then ends. It has a thread of its own, since a strong codec takes seconds. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { FILE_HEADER_BYTES } from '../../log/journal-format.js';
import { readBlocks } from '../../log/journal-scanner.js';
import { nodeDisk } from '../../ops/disk.js';
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

export type SealReport =
  | { kind: 'sealed'; segment: SealedSegment }
  | { kind: 'failed'; code: string | undefined; message: string };

async function seal({ journal, previousRoot, codec, path }: SealWorkerData): Promise<SealedSegment> {
  const file = await nodeDisk.open(journal.path, { mode: 'read' });
  async function* links(): AsyncGenerator<Buffer[]> {
    for await (const block of readBlocks(file, FILE_HEADER_BYTES, journal.endOffset)) {
      if (block.links.length > 0) yield block.links;
    }
  }
  try {
    const { firstSequence } = journal;
    return await sealSegment({
      links,
      firstSequence,
      previousRoot,
      codec: parseCodec(codec),
      path,
      disk: nodeDisk,
    });
  } finally {
    await file.close();
  }
}

assert(parentPort !== null, 'sealing runs in a worker thread');
const port = parentPort;
seal(workerData as SealWorkerData)
  .then((segment): SealReport => ({ kind: 'sealed', segment }))
  .catch((error: { code?: string; message: string }): SealReport => {
    return { kind: 'failed', code: error.code, message: error.message };
  })
  .then((report) => port.postMessage(report));
