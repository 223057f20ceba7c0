/**
 * The canonical form of a JSON value (RFC 8785, JSON Canonicalization Scheme): one text for one value.
 *
 * Every payload is stored and hashed in this form, so this is on the path of every append. ECMAScript's own
 * JSON.stringify already writes strings and numbers as the RFC asks (it was modelled on it); what is left to do
 * is the order of keys. Most payloads come with their keys in order, so an order check and one call of
 * JSON.stringify is the usual case.
 */
import { assert } from './errors.js';
import type { Json, JsonObject } from './event.js';

/**
 * The RFC 8785 text of a value: no white space, keys in the order of their UTF-16 code units, numbers as
 * ECMAScript writes them, -0 as 0.
 *
 * A number that is not finite, a lone surrogate or something that is no JSON value is a bug of the caller and
 * throws, for all of them were refused where the value came in. So was excessive nesting.
 */
export function canonicalJson(value: Json): string {
  return isInOrder(value) ? JSON.stringify(value) : inOrder(value);
}

/** Checks a value, and says whether the keys of all its objects are in canonical order already. */
function isInOrder(value: Json): boolean {
  if (typeof value === 'string') return assertWellFormed(value);
  if (typeof value === 'number') return assertFinite(value);
  if (value === null || typeof value === 'boolean') return true;
  assert(typeof value === 'object', 'a value to canonicalize is JSON');
  let ordered = true;
  if (Array.isArray(value)) {
    // By index, so that a hole of a sparse array is found as well.
    for (let index = 0; index < value.length; index += 1)
      ordered = isInOrder(value[index] as Json) && ordered;
    return ordered;
  }
  let previous: string | undefined;
  for (const key of Object.keys(value)) {
    assertWellFormed(key);
    // The operator compares UTF-16 code units, as the RFC does (section 3.2.3).
    if (previous !== undefined && previous > key) ordered = false;
    previous = key;
    ordered = isInOrder(value[key] as Json) && ordered;
  }
  return ordered;
}

/** The canonical text of a checked value whose keys are in any order. */
function inOrder(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Array.isArray(value) ? arrayInOrder(value) : objectInOrder(value);
}

function arrayInOrder(items: readonly Json[]): string {
  let text = '[';
  for (const item of items) text += text.length === 1 ? inOrder(item) : `,${inOrder(item)}`;
  return `${text}]`;
}

function objectInOrder(object: JsonObject): string {
  let text = '{';
  // The default order of sort is that of UTF-16 code units.
  for (const key of Object.keys(object).sort()) {
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(key)}:${inOrder(object[key] as Json)}`;
  }
  return `${text}}`;
}

function assertWellFormed(text: string): true {
  assert(text.isWellFormed(), 'a string to canonicalize has no lone surrogate');
  return true;
}

function assertFinite(number: number): true {
  assert(Number.isFinite(number), 'a number to canonicalize is finite');
  return true;
}
