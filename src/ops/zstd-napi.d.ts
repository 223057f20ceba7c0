/** The part of zstd-napi that is used. Declared here, since the package is optional and may not be installed. */
declare module 'zstd-napi' {
  import type { Transform } from 'node:stream';

  interface CompressParameters {
    compressionLevel?: number;
  }

  export const CompressStream: new (parameters?: CompressParameters) => Transform;
  export const DecompressStream: new (parameters?: { windowLogMax?: number }) => Transform;
  /** Compresses at once, on the thread that asks. */
  export function compress(data: Uint8Array, parameters?: CompressParameters): Buffer;
  export function decompress(data: Uint8Array): Buffer;
}
