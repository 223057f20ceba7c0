/** LZF (HDF5 filter 32000), the one of h5py: fast, and readable by every h5py without a plugin. */
import type { CodecFamily } from './codec.js';

/** H5PY_FILTER_LZF. It sets its options by itself. */
const LZF_FILTER_ID = 32000;

export const lzf: CodecFamily = {
  name: 'lzf',
  usage: 'lzf',
  parse(option) {
    if (option !== undefined) return undefined;
    return { text: 'lzf', filter: { id: LZF_FILTER_ID, options: [], needsGain: true } };
  },
};
