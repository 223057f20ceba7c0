/**
 * Entity tags, and the conditions that requests make with them (RFC 9110, sections 8.8.3 and 13.1). An entity tag is a
 * version in quotes.
 */
import { CodedError } from '../domain/errors.js';

/** An answer that was compressed has the coding in its tag (compression.ts); what it names is the version all the same. */
const VERSION_TAG = /^"(0|[1-9][0-9]{0,9})(?:-gzip|-zstd)?"$/;
/** One element of a list, which may be empty, with what separates it from the next. */
const LIST_ELEMENT = /[ \t]*(?:(W\/)?("[\x21\x23-\x7e\x80-\xff]*"))?[ \t]*(,|$)/y;

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** An entity tag of a list. */
interface Tag {
  isWeak: boolean;
  /** In its quotes. */
  text: string;
  /** The version that it names; others than ours name none. */
  version: number | undefined;
}

/**
 * What `If-Match` asks for: one version, or one of several, of which none can be meant by tags that are weak or not
 * ours: they never match. `undefined` without the header, and for `*`, which asks only that there is something.
 * BAD_REQUEST for what is no list of tags.
 */
export function expectedVersionOf(header: string | undefined): number | readonly number[] | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = VERSION_TAG.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  return listOf('If-Match', header).flatMap((tag) => (tag.isWeak ? [] : (tag.version ?? [])));
}

/** Whether what is at a version meets `If-Match`. */
export function meetsIfMatch(header: string, version: number): boolean {
  const expected = expectedVersionOf(header);
  return expected === undefined || [expected].flat().includes(version);
}

/** The tag of `If-None-Match` that a version has, weak or not; `undefined` if it has none of them. */
export function matchingTag(header: string, version: number): string | undefined {
  if (header === '*') return etagOf(version);
  return listOf('If-None-Match', header).find((tag) => tag.version === version)?.text;
}

function listOf(name: string, header: string): Tag[] {
  const tags: Tag[] = [];
  for (let offset = 0, isLast = false; !isLast; ) {
    LIST_ELEMENT.lastIndex = offset;
    const match = LIST_ELEMENT.exec(header);
    if (match === null) throw malformed(name);
    const [element, weak, text, separator] = match;
    if (text !== undefined) {
      const version = VERSION_TAG.exec(text)?.[1];
      tags.push({
        isWeak: weak !== undefined,
        text,
        version: version === undefined ? version : Number(version),
      });
    }
    offset += element.length;
    isLast = separator !== ',';
  }
  if (tags.length === 0) throw malformed(name);
  return tags;
}

function malformed(name: string): CodedError {
  return new CodedError('BAD_REQUEST', `${name} takes versions in quotes, such as "7", or an asterisk.`);
}
