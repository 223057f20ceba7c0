/** Worker thread: proves that the codec of the settings works, then ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import { type PlainFailure, plainFailure } from '../../ops/disk-failure.js';
import { parseCodec } from '../../segments/codecs/codec-table.js';
import { proveCodec } from '../../segments/prove-codec.js';

export interface CodecWorkerData {
  codec: string;
  /** Where a small file may be written for a moment. */
  directory: string;
}

export type CodecReport = { kind: 'proven' } | ({ kind: 'failed' } & PlainFailure);

assert(parentPort !== null, 'the codec is proven in a worker thread');
const port = parentPort;
const { codec, directory } = workerData as CodecWorkerData;
proveCodec(parseCodec(codec), directory)
  .then((): CodecReport => ({ kind: 'proven' }))
  .catch((error): CodecReport => ({ kind: 'failed', ...plainFailure(error) }))
  .then((report) => port.postMessage(report));
