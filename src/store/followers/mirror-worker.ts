/**
 * Worker thread: keeps the live HDF5 file of the newest journal.
 *
 * It first proves that the codec of sealed segments works, for which a start waits: whatever proves it has to load HDF5,
 * which this thread needs anyway. It gives way to others only after that.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { nodeDisk } from '../../ops/disk.js';
import { yieldToOthers } from '../../ops/thread-priority.js';
import { parseCodec } from '../../segments/codecs/codec-table.js';
import { proveCodec } from '../../segments/prove-codec.js';
import { serveFollower } from './journal-follower.js';
import { type MirrorWorkerData, openMirror } from './mirror-follower.js';

assert(parentPort !== null, 'the mirror runs in a worker thread');
const { directory, codec } = workerData as MirrorWorkerData;
serveFollower(parentPort, nodeDisk, async () => {
  await proveCodec(parseCodec(codec), directory);
  yieldToOthers(limits.followerThreadNice);
  return openMirror({ directory }, nodeDisk);
});
