/** Every codec that a sealed segment may be written with, one line each. */
import { CodedError } from '../../domain/errors.js';
import type { Codec, CodecFamily } from './codec.js';
import { gzip } from './gzip.js';
import { lz4 } from './lz4.js';
import { lzf } from './lzf.js';
import { none } from './none.js';
import { zstd } from './zstd.js';

const CODECS: readonly CodecFamily[] = [
  none, // no filter
  gzip, // filter 1
  lzf, // filter 32000
  lz4, // filter 32004
  zstd, // filter 32015
];

/** What may be written where a codec is asked for, as one phrase. */
export const CODEC_USAGE = CODECS.map((family) => family.usage).join(', ');

/**
 * The codec that a text such as `gzip:4` names. Throws INVALID_SETTINGS with everything that is allowed.
 */
export function parseCodec(text: string): Codec {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const option = colon < 0 ? undefined : text.slice(colon + 1);
  const codec = CODECS.find((family) => family.name === name)?.parse(option);
  if (codec !== undefined) return codec;
  throw new CodedError('INVALID_SETTINGS', `must be a codec: ${CODEC_USAGE}`);
}
