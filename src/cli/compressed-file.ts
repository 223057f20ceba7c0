/** Compressed files by the ending of their names: `.gz` and `.zst`; all others are plain. */
import type { Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { zstdCompress, zstdDecompress } from '../ops/zstd.js';

/** Fast and within a few percent of the stronger ones on NDJSON, whose keys repeat in every line. */
const GZIP_LEVEL = 4;
const CHUNK_BYTES = 256 * 1024;

export function isCompressed(name: string): boolean {
  return name.endsWith('.gz') || name.endsWith('.zst');
}

/** A stream that compresses what goes into a file of this name; none for a plain one. CODEC_UNAVAILABLE. */
export async function compressorFor(name: string): Promise<Transform | undefined> {
  if (name.endsWith('.gz')) return createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK_BYTES });
  return name.endsWith('.zst') ? zstdCompress() : undefined;
}

/** A stream that gives what is in a file of this name; none for a plain one. CODEC_UNAVAILABLE. */
export async function decompressorFor(name: string): Promise<Transform | undefined> {
  if (name.endsWith('.gz')) return createGunzip({ chunkSize: CHUNK_BYTES });
  return name.endsWith('.zst') ? zstdDecompress() : undefined;
}
