/** Worker thread: keeps the live HDF5 file of the newest journal. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { nodeDisk } from '../../ops/disk.js';
import { serveFollower } from './journal-follower.js';
import { type MirrorWorkerData, openMirror } from './mirror-follower.js';

assert(parentPort !== null, 'the mirror runs in a worker thread');
serveFollower(parentPort, nodeDisk, () => openMirror(workerData as MirrorWorkerData, nodeDisk));
