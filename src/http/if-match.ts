/** The `If-Match` header: append only at this version. An entity tag is a version in quotes. */
import { CodedError } from '../domain/errors.js';

/** An answer that was compressed has the coding in its tag (compression.ts); what it names is the version all the same. */
const VERSION_TAG = /^"(0|[1-9][0-9]{0,9})(?:-gzip|-zstd)?"$/;

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that `If-Match` asks for; `undefined` without one, and for `*`, which asks only that there is
 * something. BAD_REQUEST for anything else (RFC 9110, section 13.1.1, also knows lists, but a consultation is
 * never at two versions, and weak tags, which never match).
 */
export function expectedVersionOf(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = VERSION_TAG.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw new CodedError('BAD_REQUEST', 'If-Match takes one version in quotes, such as "7", or an asterisk.');
}
