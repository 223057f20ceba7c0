/**
 * A worker thread that applies made events each time it is told to, for the test of two threads.
 *
 * It is told, and tells, by a shared counter, so that the main thread can wait within one turn of its event
 * loop: 2n means that n batches are applied, and setting it to 2n + 1 asks for the next one.
 */
import { workerData } from 'node:worker_threads';
import { IndexWriter } from '../../src/index/index-writer.js';
import { inBatches, makeLinks } from '../support/links.js';
import { opened } from './support.js';

export interface WriterWorkerData {
  directory: string;
  events: number;
  batchEvents: number;
  seed: number;
  consultations: number;
  counter: Int32Array;
}

const { directory, batchEvents, counter, ...links } = workerData as WriterWorkerData;
const writer = opened(await IndexWriter.open(directory));

let applied = 0;
for (const batch of inBatches(makeLinks(links), batchEvents)) {
  Atomics.wait(counter, 0, applied * 2);
  writer.apply(batch);
  applied += 1;
  Atomics.store(counter, 0, applied * 2);
  Atomics.notify(counter, 0);
}
await writer.close();
