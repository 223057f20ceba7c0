/** Worker thread: keeps the live HDF5 file of the newest journal. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { nodeDisk } from '../../ops/disk.js';
import { yieldToOthers } from '../../ops/thread-priority.js';
import { serveFollower } from './journal-follower.js';
import { type MirrorWorkerData, openMirror } from './mirror-follower.js';

assert(parentPort !== null, 'the mirror runs in a worker thread');
yieldToOthers(limits.followerThreadNice);
serveFollower(parentPort, nodeDisk, () => openMirror(workerData as MirrorWorkerData, nodeDisk));
