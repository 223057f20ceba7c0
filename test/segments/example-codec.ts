/** Bzip2 (HDF5 filter 307): slow and small. A reader needs the registered plugin. */
import type { CodecFamily } from '../../src/segments/codecs/codec.js';

/** H5Z_FILTER_BZIP2. Its one option is the size of a block in 100 kB. */
const BZIP2_FILTER_ID = 307;

export const bzip2: CodecFamily = {
  name: 'bzip2',
  usage: 'bzip2:1 to bzip2:9',
  parse(option) {
    if (option === undefined || !/^[1-9]$/.test(option)) return undefined;
    return { text: `bzip2:${option}`, filter: { id: BZIP2_FILTER_ID, options: [Number(option)] } };
  },
};
