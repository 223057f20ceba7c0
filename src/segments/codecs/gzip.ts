/** Deflate (HDF5 filter 1): compiled into practically every HDF5 build, so a reader needs no plugin. */
import type { CodecFamily } from './codec.js';

/** H5Z_FILTER_DEFLATE. Its one option is the level. */
const DEFLATE_FILTER_ID = 1;

export const gzip: CodecFamily = {
  name: 'gzip',
  usage: 'gzip:1 to gzip:9',
  parse(option) {
    if (option === undefined || !/^[1-9]$/.test(option)) return undefined;
    return { text: `gzip:${option}`, filter: { id: DEFLATE_FILTER_ID, options: [Number(option)] } };
  },
};
