/** Worker thread: reads sealed segments. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../domain/errors.js';
import { nodeBlockingDisk } from '../ops/blocking-disk.js';
import { serveReads } from './serve-reads.js';

assert(parentPort !== null, 'this file is a worker thread');
serveReads(parentPort, nodeBlockingDisk);
