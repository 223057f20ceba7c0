/**
 * Reads a JSON text strictly: what JSON.parse would silently change or drop is refused instead.
 *
 * JSON.parse keeps the last of two equal keys, rounds numbers to doubles and lets lone surrogates through; a
 * clinical record may do none of these (I-JSON, RFC 7493, asks the same). This is on the path of every request,
 * so JSON.parse does the work, between one scan of the text and one walk of the value:
 *
 *   - depth and number of values are judged in the text first: JSON.parse would hold the event loop for a body
 *     that is all brackets or all keys
 *   - numbers are judged in the text, where their digits still are
 *   - the text's colons outside strings are its fields; a value with fewer has lost some to duplicate keys
 *   - surrogates are judged in the value, after unescaping, and only when the text can hold any
 *
 * Only a text that is refused is read again, slowly, by json-fault.ts, which says what is wrong and where.
 */
import { isAscii, isUtf8, transcode } from 'node:buffer';
import { assert, CodedError } from './errors.js';
import type { Json } from './event.js';
import { jsonFault } from './json-fault.js';
import { isExactNumber } from './json-number.js';
import { limits } from './limits.js';

/** A body from which on it is faster to change its encoding first. */
const TRANSCODED_BYTES_MIN = 16 * 1024;

/**
 * The text of a request body.
 *
 * Refuses what is not UTF-8, and a byte order mark (RFC 8259, section 8.1), with INVALID_JSON.
 */
export function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) throw new CodedError('INVALID_JSON', 'The body is not valid UTF-8; send it as UTF-8.');
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    throw new CodedError('INVALID_JSON', 'The body starts with a byte order mark; send it without one.');
  }
  // What toString takes 5 ms/MiB for when there is more than ASCII in it, transcode does in 1.
  if (body.length < TRANSCODED_BYTES_MIN || isAscii(body)) return body.toString('utf8');
  return transcode(body, 'utf8', 'utf16le').toString('utf16le');
}

/**
 * The value of a JSON text, equal to what JSON.parse gives.
 *
 * Throws a CodedError whose `errors` has the JSON Pointer (RFC 6901) of the first fault: INVALID_JSON,
 * DUPLICATE_KEY (judged after unescaping), UNSAFE_NUMBER (isExactNumber), LONE_SURROGATE, JSON_TOO_DEEP and
 * VALIDATION_FAILED (`limits.jsonDepthMax`, `limits.jsonValuesMax`, `limits.jsonFieldsMax`), FORBIDDEN_KEY (`__proto__`, and
 * `constructor` holding `prototype`).
 */
export function parseStrictJson(text: string): Json {
  const fields = countFields(text);
  const value = fields < 0 ? undefined : parseOrUndefined(text);
  if (value !== undefined && mayStand(text, value, fields)) return value;
  const fault = jsonFault(text);
  assert(fault !== undefined, 'a refused text has a fault');
  throw fault;
}

function parseOrUndefined(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function mayStand(text: string, value: Json, fields: number): boolean {
  const tally: Tally = { fields: 0, checksStrings: mayHoldLoneSurrogate(text), sound: true };
  walk(value, tally);
  return tally.sound && tally.fields === fields;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Fields in a text, which need not be JSON. -1 if JSON.parse has no business with it: it is too deep, has too many
 * values or fields, or a string without end, or a number in it is not exact.
 */
function countFields(text: string): number {
  let fields = 0;
  let depth = 0;
  // Commas and brackets that open: a value more for each, and a bracket costs as much as a value.
  let values = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = closingQuote(text, index);
      if (index < 0) return -1;
    } else if (code === COLON) {
      fields += 1;
      if (fields > limits.jsonFieldsMax) return -1;
    } else if (code === COMMA) {
      values += 1;
      if (values > limits.jsonValuesMax) return -1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      values += 1;
      if (depth > limits.jsonDepthMax || values > limits.jsonValuesMax) return -1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      index = lastOfExactNumber(text, index);
      if (index < 0) return -1;
    }
  }
  return fields;
}

/** Escaped quotes of one string after which looking at each character is faster than searching for quotes. */
const SEARCHED_QUOTES = 16;

/**
 * The place of the quote that closes the string opened at `open`; -1 if there is none. Native search: a message is
 * mostly text.
 */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  let searched = 0;
  while (text.charCodeAt(close - 1) === BACKSLASH && isEscaped(text, close)) {
    searched += 1;
    if (searched > SEARCHED_QUOTES) return walkToQuote(text, close + 1);
    close = text.indexOf('"', close + 1);
  }
  return close;
}

/** The same from a place within the string, one character at a time. */
function walkToQuote(text: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index += 1;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (index - first) % 2 === 1;
}

/** Decimal digits that every double keeps: a number with no more of them, and no exponent, is exact. */
const DIGITS_ALWAYS_EXACT = 15;

/** The place of the last character of the number at `start`; -1 if it is not exact. */
function lastOfExactNumber(text: string, start: number): number {
  let end = start;
  let digits = 0;
  let hasExponent = false;
  for (; ; end += 1) {
    const code = text.charCodeAt(end);
    if (code >= ZERO && code <= NINE) digits += 1;
    else if (code === LOWER_E || code === UPPER_E) hasExponent = true;
    else if (code !== DOT && code !== MINUS && code !== PLUS) break;
  }
  const isExact = (digits <= DIGITS_ALWAYS_EXACT && !hasExponent) || isExactNumber(text.slice(start, end));
  return isExact ? end - 1 : -1;
}

/** A surrogate comes raw, which makes the text ill-formed, or as an escape from \ud800 to \udfff. */
function mayHoldLoneSurrogate(text: string): boolean {
  return !text.isWellFormed() || (text.includes('\\') && /\\u[dD][89a-fA-F]/.test(text));
}

interface Tally {
  fields: number;
  readonly checksStrings: boolean;
  sound: boolean;
}

/** Counts fields and looks at keys and strings. The depth was checked before. */
function walk(value: Json, tally: Tally): void {
  if (typeof value === 'string') {
    if (tally.checksStrings && !value.isWellFormed()) tally.sound = false;
  } else if (Array.isArray(value)) {
    for (const item of value) walk(item, tally);
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      const field = value[key] as Json;
      tally.fields += 1;
      if (isForbidden(key, field) || (tally.checksStrings && !key.isWellFormed())) tally.sound = false;
      walk(field, tally);
    }
  }
}

/** Keys by which a value could reach the prototype of an object it is copied into. */
function isForbidden(key: string, value: Json): boolean {
  if (key === '__proto__') return true;
  return (
    key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
  );
}
