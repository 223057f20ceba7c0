/** Stored as it is: the fastest to write, and readable by every HDF5 build. */
import type { CodecFamily } from './codec.js';

export const none: CodecFamily = {
  name: 'none',
  usage: 'none',
  parse: (option) => (option === undefined ? { text: 'none' } : undefined),
};
