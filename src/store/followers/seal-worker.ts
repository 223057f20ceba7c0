/** Worker thread: seals full journals, one after another. It has a thread of its own, since a strong codec takes seconds. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { nodeDisk } from '../../ops/disk.js';
import { yieldToOthers } from '../../ops/thread-priority.js';
import { serveSealing } from './seal-task.js';

assert(parentPort !== null, 'sealing runs in a worker thread');
yieldToOthers(limits.followerThreadNice);
serveSealing(parentPort, nodeDisk);
