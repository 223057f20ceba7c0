/** Worker thread: does simulated runs, one after another, as it is asked to. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../src/domain/errors.js';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { BROKEN_DISKS, type BrokenDisk } from './broken-disks.js';
import { type RunFigures, simulatedRun } from './simulated-run.js';

export interface RunRequest {
  seed: number;
  broken: BrokenDisk | undefined;
}

export interface RunReply {
  seed: number;
  figures?: RunFigures;
  /** What went wrong, with where. */
  failure?: string;
  /** The HDF5 library never came back from a bit that was wrong. */
  isGivenUp?: boolean;
}

/** Shared with the thread that waits: 1 once the HDF5 library was given a bit that is wrong. */
const misread = workerData as Int32Array;

async function reply({ seed, broken }: RunRequest): Promise<RunReply> {
  try {
    // Before the run: it takes real time, of which a run must not depend.
    await loadHdf5();
    Atomics.store(misread, 0, 0);
    const onMisread = (): void => void Atomics.store(misread, 0, 1);
    const breakDisk = broken && BROKEN_DISKS[broken];
    return { seed, figures: await simulatedRun({ seed, onMisread, ...(breakDisk && { breakDisk }) }) };
  } catch (error) {
    return { seed, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

// What takes long lets others have their turn after some milliseconds. On a busy machine that would come at other
// steps each time, and a seed would not give the same run. The clock goes on by being read, since the HDF5 library
// looks at it until a short while has passed.
let clockMs = 0;
performance.now = () => {
  clockMs += 0.001;
  return clockMs;
};

assert(parentPort !== null, 'runs are done in a worker thread');
const port = parentPort;
port.on('message', async (request: RunRequest) => port.postMessage(await reply(request)));
