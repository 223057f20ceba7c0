/** Worker thread: rewrites one sealed segment with another codec, then ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { nodeDisk } from '../../ops/disk.js';
import { parseCodec } from '../../segments/codecs/codec-table.js';
import { repackSegment } from '../../segments/repack-segment.js';
import type { SealedSegment } from '../../segments/segment-layout.js';
import { reported } from './seal-task.js';

export interface RepackWorkerData {
  segment: SealedSegment;
  codec: string;
  directory: string;
}

assert(parentPort !== null, 'repacking runs in a worker thread');
const { segment, codec, directory } = workerData as RepackWorkerData;
const repacking = repackSegment({ segment, codec: parseCodec(codec), directory, disk: nodeDisk });
parentPort.postMessage(await reported(repacking));
