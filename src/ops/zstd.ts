/**
 * Zstandard streams for files that travel. Node has them from 22.15 on; before that the optional package
 * zstd-napi gives them, which is compiled where it is installed and may be missing.
 */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { CodedError } from '../domain/errors.js';

/** What newer versions of `node:zlib` have beside what the types of our oldest one know. */
interface ZstdOfNode {
  createZstdCompress?: () => Transform;
  createZstdDecompress?: () => Transform;
}

/** A stream that compresses with zstd's default level. CODEC_UNAVAILABLE where there is no zstd. */
export async function zstdCompress(): Promise<Transform> {
  const { createZstdCompress } = zlib as ZstdOfNode;
  if (createZstdCompress !== undefined) return createZstdCompress();
  const { CompressStream } = await zstdPackage();
  return new CompressStream();
}

/** A stream that decompresses. CODEC_UNAVAILABLE where there is no zstd. */
export async function zstdDecompress(): Promise<Transform> {
  const { createZstdDecompress } = zlib as ZstdOfNode;
  if (createZstdDecompress !== undefined) return createZstdDecompress();
  const { DecompressStream } = await zstdPackage();
  return new DecompressStream();
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
