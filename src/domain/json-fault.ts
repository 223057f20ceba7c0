/**
 * Finds the first fault of a JSON text that was refused, and says where it is.
 *
 * A plain recursive descent over RFC 8259's grammar. It is as strict as parseStrictJson (strict-json.ts), with
 * the path at hand that the fast way does not keep, and builds no value. Nesting is limited before it recurses.
 * Its messages name places and rules, never what the text says there.
 */
import { CodedError, type ErrorCode } from './errors.js';
import { isExactNumber } from './json-number.js';
import { limits } from './limits.js';

/** The error for the first fault of a text, or undefined when it has none. */
export function jsonFault(text: string): CodedError | undefined {
  try {
    new FaultFinder(text).readText();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** Longer pointers are cut at the last whole key, so that an answer stays small. */
const POINTER_CHARS_MAX = 512;

/** The JSON Pointer (RFC 6901) of a place. */
function jsonPointer(path: readonly (string | number)[]): string {
  let pointer = '';
  for (const key of path) {
    const longer = `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (longer.length > POINTER_CHARS_MAX) break;
    pointer = longer;
  }
  return pointer;
}

// Sticky, so that each token is matched at the cursor and nowhere else.
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** All but the quote, the backslash and control characters. */
const STRING_RUN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** A cursor over one text. */
class FaultFinder {
  private at = 0;
  private values = 0;
  private readonly path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  readText(): void {
    this.readValue(0);
    if (this.at < this.text.length) this.failSyntax('nothing more');
  }

  /** One value with the space around it. Answers whether it is an object with a key `prototype`. */
  private readValue(depth: number): boolean {
    this.take(SPACE);
    const first = this.text[this.at];
    let holdsPrototype = false;
    if (first === '{') holdsPrototype = this.readObject(depth + 1);
    else if (first === '[') this.readArray(depth + 1);
    else if (first === '"') this.readString();
    else if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) this.readNumber();
    else this.readLiteral();
    this.take(SPACE);
    return holdsPrototype;
  }

  private readObject(depth: number): boolean {
    this.open(depth);
    const keys = new Set<string>();
    if (this.skip('}')) return false;
    do {
      this.take(SPACE);
      const key = this.readKey(keys);
      this.path.push(key);
      this.countValue();
      if (!this.skip(':')) this.failSyntax('a colon');
      const holdsPrototype = this.readValue(depth);
      if (key === 'constructor' && holdsPrototype) this.failKey();
      this.path.pop();
    } while (this.skip(','));
    if (!this.skip('}')) this.failSyntax('a comma or the end of the object');
    return keys.has('prototype');
  }

  /** A key, judged after unescaping; the path is still that of its object. */
  private readKey(keys: Set<string>): string {
    if (this.text[this.at] !== '"') this.failSyntax('a key in double quotes');
    const key = this.readString();
    this.take(SPACE);
    if (keys.has(key) || key === '__proto__') {
      this.path.push(key);
      if (key === '__proto__') this.failKey();
      this.fail(
        'DUPLICATE_KEY',
        'The same key stands twice in one object; send each key once.',
        'is there twice',
      );
    }
    keys.add(key);
    return key;
  }

  private readArray(depth: number): void {
    this.open(depth);
    if (this.skip(']')) return;
    let index = 0;
    do {
      this.path.push(index);
      this.countValue();
      this.readValue(depth);
      this.path.pop();
      index += 1;
    } while (this.skip(','));
    if (!this.skip(']')) this.failSyntax('a comma or the end of the array');
  }

  private readString(): string {
    const start = this.at;
    this.at += 1;
    do this.take(STRING_RUN);
    while (this.take(ESCAPE) !== '');
    const end = this.text[this.at];
    if (end === '\\') this.failSyntax('an escape that JSON knows');
    if (end !== '"') {
      this.failSyntax(
        end === undefined ? 'the closing quote of a string' : 'an escape for a control character',
      );
    }
    this.at += 1;
    const value: string = JSON.parse(this.text.slice(start, this.at));
    if (!value.isWellFormed()) {
      const advice = 'A string holds half of a surrogate pair; send whole Unicode characters.';
      this.fail('LONE_SURROGATE', advice, 'holds half of a surrogate pair');
    }
    return value;
  }

  private readNumber(): void {
    const token = this.take(NUMBER);
    if (token === '') this.failSyntax('a digit');
    if (!isExactNumber(token)) {
      const advice = 'A number does not fit a double exactly; send it with fewer digits, or as a string.';
      this.fail('UNSAFE_NUMBER', advice, 'does not fit a double exactly');
    }
  }

  private readLiteral(): void {
    const literal = ['true', 'false', 'null'].find((word) => this.text.startsWith(word, this.at));
    if (literal === undefined) this.failSyntax('a value');
    this.at += literal.length;
  }

  /** Enters an object or an array, and the space after its bracket. */
  private open(depth: number): void {
    if (depth > limits.jsonDepthMax) {
      const rule = `nested deeper than ${limits.jsonDepthMax} levels`;
      this.fail('JSON_TOO_DEEP', `The body is ${rule}; send a flatter one.`, `is ${rule}`);
    }
    this.at += 1;
    this.take(SPACE);
  }

  private countValue(): void {
    this.values += 1;
    if (this.values > limits.jsonValuesMax) {
      const rule = `more than ${limits.jsonValuesMax} fields and items`;
      this.fail('VALIDATION_FAILED', `The body has ${rule}; send it in parts.`, `is past the limit: ${rule}`);
    }
  }

  /** Moves over what the sticky pattern matches here, and gives it. */
  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0] ?? '';
    this.at += match.length;
    return match;
  }

  private skip(character: string): boolean {
    const found = this.text[this.at] === character;
    if (found) this.at += 1;
    return found;
  }

  private failSyntax(expected: string): never {
    const ends = this.at >= this.text.length;
    const place = ends ? `it ends at character ${this.at}, before` : `at character ${this.at + 1} it lacks`;
    this.fail('INVALID_JSON', `The body is not valid JSON: ${place} ${expected}.`, `lacks ${expected}`);
  }

  private failKey(): never {
    const advice = 'The keys __proto__ and constructor.prototype are not allowed; rename them.';
    this.fail('FORBIDDEN_KEY', advice, 'is a key that is not allowed');
  }

  private fail(code: ErrorCode, message: string, atPath: string): never {
    throw new CodedError(code, message, { errors: [{ path: jsonPointer(this.path), message: atPath }] });
  }
}
