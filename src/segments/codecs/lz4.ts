/** LZ4 (HDF5 filter 32004): little effort on both sides. A reader needs the registered plugin. */
import type { CodecFamily } from './codec.js';

/** H5Z_FILTER_LZ4. Its one option is the size of a block; 0 is the filter's default, which makes each chunk one. */
const LZ4_FILTER_ID = 32004;
const WHOLE_CHUNK = 0;

export const lz4: CodecFamily = {
  name: 'lz4',
  usage: 'lz4',
  parse(option) {
    if (option !== undefined) return undefined;
    return { text: 'lz4', filter: { id: LZ4_FILTER_ID, options: [WHOLE_CHUNK] } };
  },
};
