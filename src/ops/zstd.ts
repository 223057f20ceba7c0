/**
 * Zstandard, for files and bodies that travel. Node has it from 22.15 on; before that the optional package zstd-napi
 * gives it, which is compiled where it is installed and may be missing.
 */
import type { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { CodedError } from '../domain/errors.js';

type WholeBuffer = (
  bytes: Uint8Array,
  options: zlib.ZlibOptions,
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** What newer versions of `node:zlib` have beside what the types of our oldest one know. */
interface ZstdOfNode {
  createZstdCompress?: () => Transform;
  createZstdDecompress?: () => Transform;
  zstdCompress?: WholeBuffer;
  zstdDecompress?: WholeBuffer;
  constants: { ZSTD_c_compressionLevel?: number; ZSTD_d_windowLogMax?: number };
}

/** Of bodies over HTTP: as small as gzip's with a fraction of its time. */
const BODY_LEVEL = 1;
/** The window, and so the memory, that whoever sends a body may have its reader take: 8 MiB (RFC 9659). */
const WINDOW_LOG_MAX = 23;
/** Packed or unpacked in one step by zstd-napi, on the main thread: at most about half a millisecond. */
const PACK_STEP_BYTES = 128 * 1024;
/** Four bytes can unpack to 128 KiB, so a step of this many yields 8 MiB at the most. */
const UNPACK_STEP_BYTES = 256;
/** Bytes that come out before others have their turn. */
const TURN_BYTES = 1024 * 1024;

const nodeZstd = zlib as unknown as ZstdOfNode;

/** A stream that compresses with zstd's default level. CODEC_UNAVAILABLE where there is no zstd. */
export async function zstdCompress(): Promise<Transform> {
  const { createZstdCompress } = nodeZstd;
  if (createZstdCompress !== undefined) return createZstdCompress();
  const { CompressStream } = await zstdPackage();
  return new CompressStream();
}

/** A stream that decompresses. CODEC_UNAVAILABLE where there is no zstd. */
export async function zstdDecompress(): Promise<Transform> {
  const { createZstdDecompress } = nodeZstd;
  if (createZstdDecompress !== undefined) return createZstdDecompress();
  const { DecompressStream } = await zstdPackage();
  return new DecompressStream();
}

/** Whether there is zstd on this machine. */
export async function hasZstd(): Promise<boolean> {
  if (nodeZstd.createZstdCompress !== undefined) return true;
  return zstdPackage().then(
    () => true,
    () => false,
  );
}

/** Compresses a whole body; large ones without holding the event loop. CODEC_UNAVAILABLE where there is no zstd. */
export async function zstdPackBody(bytes: Buffer): Promise<Buffer> {
  const { zstdCompress: pack, constants } = nodeZstd;
  if (pack !== undefined && constants.ZSTD_c_compressionLevel !== undefined) {
    return promisify(pack)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: BODY_LEVEL } } as object);
  }
  const { compress, CompressStream } = await zstdPackage();
  const parameters = { compressionLevel: BODY_LEVEL };
  if (bytes.length <= PACK_STEP_BYTES) return compress(bytes, parameters);
  return throughStream(new CompressStream(parameters), bytes, PACK_STEP_BYTES, Number.POSITIVE_INFINITY);
}

/**
 * Unpacks a body. Throws a RangeError if it has more than `bytesMax` bytes, before many more are unpacked, and another
 * error if it is not well-formed. CODEC_UNAVAILABLE where there is no zstd.
 */
export async function zstdUnpackBody(bytes: Buffer, bytesMax: number): Promise<Buffer> {
  const { zstdDecompress: unpack, constants } = nodeZstd;
  if (unpack !== undefined && constants.ZSTD_d_windowLogMax !== undefined) {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX };
    return promisify(unpack)(bytes, { maxOutputLength: bytesMax, params } as object);
  }
  const { DecompressStream } = await zstdPackage();
  return throughStream(
    new DecompressStream({ windowLogMax: WINDOW_LOG_MAX }),
    bytes,
    UNPACK_STEP_BYTES,
    bytesMax,
  );
}

/** What comes out of a stream whose work is done while it is written to, step by step. */
async function throughStream(
  stream: Transform,
  bytes: Buffer,
  stepBytes: number,
  bytesMax: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size > bytesMax) stream.destroy(new RangeError(`more than ${bytesMax} bytes`));
  });
  const ended = finished(stream);
  ended.catch(() => undefined);
  let turnEnds = TURN_BYTES;
  for (let at = 0; at < bytes.length && !stream.destroyed; at += stepBytes) {
    await new Promise((written) => stream.write(bytes.subarray(at, at + stepBytes), written));
    if (size + at < turnEnds) continue;
    turnEnds = size + at + TURN_BYTES;
    await nextTurn();
  }
  stream.end();
  await ended;
  return Buffer.concat(pieces);
}

async function zstdPackage(): Promise<typeof import('zstd-napi')> {
  try {
    return await import('zstd-napi');
  } catch (cause) {
    throw new CodedError(
      'CODEC_UNAVAILABLE',
      'zstd is not available here: use Node 22.15 or newer, or install a C++ compiler and run "npm ci" again (it builds the optional package zstd-napi); or choose .gz.',
      { cause },
    );
  }
}
