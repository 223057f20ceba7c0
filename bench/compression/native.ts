/** The codecs that are no HDF5 filters, on the same bytes: what journals, exports and bodies of answers can use. */
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';
import { assert } from '../../src/domain/errors.js';
import { type CaseContext, type CaseOutcome, SkippedCase } from '../harness/benchmark.js';
import { medianOf, scalar } from '../harness/measures.js';
import { payloadsOf } from './payloads.js';
import { megabytesPerSecond, timed } from './processor-time.js';

export const NATIVE_CODECS = [
  'gzip:1',
  'gzip:4',
  'gzip:6',
  'gzip:9',
  'brotli:1',
  'brotli:5',
  'zstd:1',
  'zstd:3',
  'zstd:9',
  'zstd:19',
];
const EVENT_BYTES = 256;
/** As large as a chunk of the payload column. */
const PIECE_BYTES = 256 * 1024;

interface Native {
  pack(bytes: Buffer): Buffer;
  unpack(bytes: Buffer): Buffer;
}

async function nativeCodec(text: string): Promise<Native> {
  const [name, option] = text.split(':');
  const level = Number(option);
  if (name === 'gzip')
    return { pack: (bytes) => gzipSync(bytes, { level }), unpack: (bytes) => gunzipSync(bytes) };
  if (name === 'brotli') {
    const params = { [constants.BROTLI_PARAM_QUALITY]: level };
    return {
      pack: (bytes) => brotliCompressSync(bytes, { params }),
      unpack: (bytes) => brotliDecompressSync(bytes),
    };
  }
  const library = await import('zstd-napi').catch(() => undefined);
  if (library === undefined) throw new SkippedCase('zstd-napi is not installed');
  return {
    pack: (bytes) => library.compress(bytes, { compressionLevel: level }),
    unpack: (bytes) => library.decompress(bytes),
  };
}

/** Packs and unpacks pieces of the payload column. */
export async function measureNative(
  codec: string,
  { corpus, seed, own }: CaseContext,
): Promise<CaseOutcome[]> {
  const { pack, unpack } = await nativeCodec(codec);
  const bytes = Buffer.from(
    (await payloadsOf(corpus, seed, EVENT_BYTES, Number(own.columnMb) * 1e6)).join(''),
  );
  const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) =>
    bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
  const rates = { pack: [] as number[], unpack: [] as number[] };
  let packedBytes = 0;
  for (let round = 0; round < Number(own.rounds); round += 1) {
    const packed = await timed(() => pieces.map(pack));
    const unpacked = await timed(() => packed.value.map(unpack));
    assert(Buffer.concat(unpacked.value).equals(bytes), `${codec} gives back what it was given`);
    packedBytes = packed.value.reduce((sum, piece) => sum + piece.length, 0);
    rates.pack.push(megabytesPerSecond(bytes.length, packed.milliseconds));
    rates.unpack.push(megabytesPerSecond(bytes.length, unpacked.milliseconds));
  }
  return [
    {
      name: `native ${codec}`,
      parameters: { kind: 'native', codec, event_bytes: EVENT_BYTES },
      durability: 'memory',
      invalid: [],
      measures: {
        ratio: scalar(bytes.length / packedBytes, '', 'higher'),
        packs: medianOf(rates.pack, 'MB/s of a core', 'higher'),
        unpacks: medianOf(rates.unpack, 'MB/s of a core', 'higher'),
      },
    },
  ];
}
