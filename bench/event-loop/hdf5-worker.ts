/** The HDF5 work in a thread of its own: says when it is ready, is told until when to work, and answers how fast it was. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../src/domain/errors.js';
import { type Hdf5Work, prepareHdf5 } from './hdf5-work.js';

assert(parentPort !== null, 'it runs as a worker thread');
const work = await prepareHdf5(workerData as Hdf5Work);
const told = once(parentPort, 'message');
parentPort.postMessage('ready');
const [untilMs] = (await told) as [number];
parentPort.postMessage(await work(untilMs));
