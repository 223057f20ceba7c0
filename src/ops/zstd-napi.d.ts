/** The part of zstd-napi that is used. Declared here, since the package is optional and may not be installed. */
declare module 'zstd-napi' {
  import type { Transform } from 'node:stream';

  export const CompressStream: new () => Transform;
  export const DecompressStream: new () => Transform;
}
