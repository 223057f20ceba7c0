/** What a codec of sealed segments is. The codecs themselves are one file each, listed in codec-table.ts. */

/** A registered HDF5 filter and its `cd_values`. */
export interface Hdf5Filter {
  readonly id: number;
  readonly options: readonly number[];
  /** Whether it fails on a chunk that it cannot make smaller, instead of keeping the chunk as it is. */
  readonly needsGain?: boolean;
}

/** A codec with its options chosen. `text` gives the same codec again when it is parsed. */
export interface Codec {
  readonly text: string;
  /** Absent when bytes are stored as they are. */
  readonly filter?: Hdf5Filter;
  /** Payload in one chunk, where more than the layout's own size pays: a codec that looks back farther finds more. */
  readonly payloadChunkBytes?: number;
}

/** One line of the codec table. */
export interface CodecFamily {
  readonly name: string;
  /** How it is written, for messages, such as `gzip:1 to gzip:9`. */
  readonly usage: string;
  /** The codec for what stands after the colon (`undefined` without a colon); `undefined` if that is not allowed. */
  parse(option: string | undefined): Codec | undefined;
}
