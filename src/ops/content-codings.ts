/** The codings that a body may travel in over HTTP (RFC 9110, section 8.4): gzip, and zstd where there is one. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { CodedError } from '../domain/errors.js';
import { hasZstd, zstdPackBody, zstdUnpackBody } from './zstd.js';

export type CodingName = 'gzip' | 'zstd';

export interface ContentCoding {
  readonly name: CodingName;
  /** Compresses a whole body, large ones off the event loop or in turns. */
  pack(bytes: Buffer): Promise<Buffer>;
  /**
   * Unpacks a whole body. BODY_TOO_LARGE if it has more than `bytesMax` bytes, of which not many more are unpacked;
   * BAD_REQUEST if it is not well-formed.
   */
  unpack(bytes: Buffer, bytesMax: number): Promise<Buffer>;
}

/** Past the first levels gzip takes a good deal longer for a few percent. */
const GZIP_LEVEL = 4;
/** Up to here gzip is faster at once, in about 0.2 ms, than by way of another thread. */
const GZIP_SYNC_BYTES = 16 * 1024;

const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);
const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);

const GZIP: ContentCoding = {
  name: 'gzip',
  pack: async (bytes) =>
    bytes.length <= GZIP_SYNC_BYTES
      ? zlib.gzipSync(bytes, { level: GZIP_LEVEL })
      : gzip(bytes, { level: GZIP_LEVEL }),
  unpack: unpacking('gzip', (bytes, maxOutputLength) => gunzip(bytes, { maxOutputLength })),
};

const ZSTD: ContentCoding = {
  name: 'zstd',
  pack: zstdPackBody,
  unpack: unpacking('zstd', zstdUnpackBody),
};

/** The codings that there are on this machine, the best first. */
export async function contentCodings(): Promise<readonly ContentCoding[]> {
  return (await hasZstd()) ? [ZSTD, GZIP] : [GZIP];
}

function unpacking(name: CodingName, unpack: ContentCoding['unpack']): ContentCoding['unpack'] {
  return async (bytes, bytesMax) => {
    try {
      return await unpack(bytes, bytesMax);
    } catch (cause) {
      if (cause instanceof RangeError) {
        const detail = `The body unpacks to more than ${bytesMax} bytes. Send less in one request.`;
        throw new CodedError('BODY_TOO_LARGE', detail, { cause });
      }
      throw new CodedError('BAD_REQUEST', `The body is not well-formed ${name}.`, { cause });
    }
  };
}
