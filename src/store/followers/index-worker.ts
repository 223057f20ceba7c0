/** Worker thread: keeps the index. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { nodeDisk } from '../../ops/disk.js';
import { yieldToOthers } from '../../ops/thread-priority.js';
import { type IndexWorkerData, openIndexFollower } from './index-follower.js';
import { serveFollower } from './journal-follower.js';

assert(parentPort !== null, 'the index is written in a worker thread');
yieldToOthers(limits.indexThreadNice);
const thread = { port: parentPort, disk: nodeDisk };
serveFollower(parentPort, nodeDisk, (closing) =>
  openIndexFollower(workerData as IndexWorkerData, thread, closing),
);
