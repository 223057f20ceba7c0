/** Worker thread: seals one full journal, then ends. It has a thread of its own, since a strong codec takes seconds. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { nodeDisk } from '../../ops/disk.js';
import { type SealWorkerData, sealJournal } from './seal-task.js';

assert(parentPort !== null, 'sealing runs in a worker thread');
parentPort.postMessage(await sealJournal(workerData as SealWorkerData, nodeDisk));
