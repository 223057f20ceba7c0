/**
 * Reads a JSON text strictly: what JSON.parse would silently change or drop is refused instead.
 *
 * JSON.parse keeps the last of two equal keys, rounds numbers to doubles and lets lone surrogates through; a
 * clinical record may do none of these (I-JSON, RFC 7493, asks the same). This is on the path of every request,
 * so JSON.parse does the work and one scan of the text with one walk of the value decide whether it may stand:
 *
 *   - the text's colons outside strings are its fields; a value with fewer has lost some to duplicate keys
 *   - numbers are judged in the text, where their digits still are
 *   - surrogates are judged in the value, after unescaping, and only when the text can hold any
 *
 * Only a text that is refused is read again, slowly, by json-fault.ts, which says what is wrong and where.
 */
import { isUtf8 } from 'node:buffer';
import { assert, CodedError } from './errors.js';
import type { Json } from './event.js';
import { jsonFault } from './json-fault.js';
import { isExactNumber } from './json-number.js';
import { limits } from './limits.js';

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
  return body.toString('utf8');
}

/**
 * The value of a JSON text, equal to what JSON.parse gives.
 *
 * Throws a CodedError whose `errors` has the JSON Pointer (RFC 6901) of the first fault: INVALID_JSON,
 * DUPLICATE_KEY (judged after unescaping), UNSAFE_NUMBER (isExactNumber), LONE_SURROGATE, JSON_TOO_DEEP and
 * VALIDATION_FAILED (`limits.jsonDepthMax`, `limits.jsonValuesMax`), FORBIDDEN_KEY (`__proto__`, and
 * `constructor` holding `prototype`).
 */
export function parseStrictJson(text: string): Json {
  const value = parseOrUndefined(text);
  if (value !== undefined && mayStand(text, value)) return value;
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

function mayStand(text: string, value: Json): boolean {
  const fields = countFields(text);
  if (fields < 0) return false;
  const tally: Tally = { fields: 0, items: 0, checksStrings: mayHoldLoneSurrogate(text), sound: true };
  walk(value, tally);
  return tally.sound && tally.fields === fields && fields + tally.items <= limits.jsonValuesMax;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
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

/** Fields in a text that JSON.parse accepted; -1 if it is too deep or has a number that is not exact. */
function countFields(text: string): number {
  let fields = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = closingQuote(text, index);
    } else if (code === COLON) {
      fields += 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > limits.jsonDepthMax) return -1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      index = lastOfExactNumber(text, index);
      if (index < 0) return -1;
    }
  }
  return fields;
}

/** The place of the quote that closes the string opened at `open`. Native search: a message is mostly text. */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (text.charCodeAt(close - 1) === BACKSLASH && isEscaped(text, close)) {
    close = text.indexOf('"', close + 1);
  }
  return close;
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
  items: number;
  readonly checksStrings: boolean;
  sound: boolean;
}

/** Counts fields and items and looks at keys and strings. The depth was checked before. */
function walk(value: Json, tally: Tally): void {
  if (typeof value === 'string') {
    if (tally.checksStrings && !value.isWellFormed()) tally.sound = false;
  } else if (Array.isArray(value)) {
    tally.items += value.length;
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
