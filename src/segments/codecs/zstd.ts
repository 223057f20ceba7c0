/** Zstandard (HDF5 filter 32015): small files that are fast to read. A reader needs the registered plugin. */
import type { CodecFamily } from './codec.js';

/** H5Z_FILTER_ZSTD. Its one option is the level. */
const ZSTD_FILTER_ID = 32015;
/** Saves 2 to 8 % over 256 KiB, and costs a reader of one event about a millisecond more (docs/codecs.md). */
const PAYLOAD_CHUNK_BYTES = 1024 * 1024;

export const zstd: CodecFamily = {
  name: 'zstd',
  usage: 'zstd:1 to zstd:19',
  parse(option) {
    if (option === undefined || !/^([1-9]|1[0-9])$/.test(option)) return undefined;
    const filter = { id: ZSTD_FILTER_ID, options: [Number(option)] };
    return { text: `zstd:${option}`, filter, payloadChunkBytes: PAYLOAD_CHUNK_BYTES };
  },
};
