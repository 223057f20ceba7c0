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

/** Sticky, so that a number is matched at the cursor and nowhere else. */
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const LOWER_U = 0x75;
/** What a character is, by its code; tables, because a body can be all escapes. */
const isShortEscape = charactersOf('"\\/bfnrt');
const isHexDigit = charactersOf('0123456789abcdefABCDEF');

function charactersOf(text: string): readonly boolean[] {
  const codes = [...text].map((character) => character.charCodeAt(0));
  return Array.from({ length: 128 }, (_, code) => codes.includes(code));
}

/** Space between tokens: tab, line feed, carriage return, blank. */
const isSpace = (code: number): boolean => code === SPACE || code === 0x0a || code === 0x0d || code === 0x09;

/** A cursor over one text. */
class FaultFinder {
  private at = 0;
  private values = 0;
  private fields = 0;
  private readonly path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  readText(): void {
    this.readValue(0);
    if (this.at < this.text.length) this.failSyntax('nothing more');
  }

  /** One value with the space around it. Answers whether it is an object with a key `prototype`. */
  private readValue(depth: number): boolean {
    this.skipSpace();
    const first = this.text[this.at];
    let holdsPrototype = false;
    if (first === '{') holdsPrototype = this.readObject(depth + 1);
    else if (first === '[') this.readArray(depth + 1);
    else if (first === '"') this.readString();
    else if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) this.readNumber();
    else this.readLiteral();
    this.skipSpace();
    return holdsPrototype;
  }

  private readObject(depth: number): boolean {
    this.open(depth);
    const keys = new Set<string>();
    if (this.skip('}')) return false;
    do {
      this.skipSpace();
      const key = this.readKey(keys);
      this.path.push(key);
      if (!this.skip(':')) this.failSyntax('a colon');
      this.countField();
      const holdsPrototype = this.readValue(depth);
      if (key === 'constructor' && holdsPrototype) this.failKey();
      this.path.pop();
    } while (this.skipComma());
    if (!this.skip('}')) this.failSyntax('a comma or the end of the object');
    return keys.has('prototype');
  }

  /** A key, judged after unescaping; the path is still that of its object. */
  private readKey(keys: Set<string>): string {
    if (this.text[this.at] !== '"') this.failSyntax('a key in double quotes');
    const key = this.readString();
    this.skipSpace();
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
      this.readValue(depth);
      this.path.pop();
      index += 1;
    } while (this.skipComma());
    if (!this.skip(']')) this.failSyntax('a comma or the end of the array');
  }

  /** The string after unescaping. One character at a time: a body can be one string, and that all escapes. */
  private readString(): string {
    const start = this.at;
    let isPlain = true;
    for (this.at += 1; ; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        isPlain = false;
        this.skipEscape();
      } else if (!(code >= SPACE)) {
        // A control character, or NaN past the end.
        const ends = this.at >= this.text.length;
        this.failSyntax(ends ? 'the closing quote of a string' : 'an escape for a control character');
      }
    }
    this.at += 1;
    const value: string = isPlain
      ? this.text.slice(start + 1, this.at - 1)
      : JSON.parse(this.text.slice(start, this.at));
    if (!value.isWellFormed()) {
      const advice = 'A string holds half of a surrogate pair; send whole Unicode characters.';
      this.fail('LONE_SURROGATE', advice, 'holds half of a surrogate pair');
    }
    return value;
  }

  private isHexDigitAt(index: number): boolean {
    return isHexDigit[this.text.charCodeAt(index)] === true;
  }

  /** Moves from the backslash of an escape to its last character. */
  private skipEscape(): void {
    const code = this.text.charCodeAt(this.at + 1);
    const isUnicode =
      code === LOWER_U &&
      this.isHexDigitAt(this.at + 2) &&
      this.isHexDigitAt(this.at + 3) &&
      this.isHexDigitAt(this.at + 4) &&
      this.isHexDigitAt(this.at + 5);
    if (!isUnicode && isShortEscape[code] !== true) this.failSyntax('an escape that JSON knows');
    this.at += isUnicode ? 5 : 1;
  }

  private readNumber(): void {
    NUMBER.lastIndex = this.at;
    const token = NUMBER.exec(this.text)?.[0] ?? '';
    this.at += token.length;
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
    this.countValue();
    this.at += 1;
    this.skipSpace();
  }

  private skipComma(): boolean {
    if (!this.skip(',')) return false;
    this.countValue();
    return true;
  }

  /** Counts what strict-json.ts counts: commas and brackets that open. */
  private countValue(): void {
    this.values += 1;
    if (this.values > limits.jsonValuesMax) this.failSize(`more than ${limits.jsonValuesMax} values`);
  }

  private countField(): void {
    this.fields += 1;
    if (this.fields > limits.jsonFieldsMax) this.failSize(`more than ${limits.jsonFieldsMax} fields`);
  }

  private failSize(rule: string): never {
    this.fail('VALIDATION_FAILED', `The body has ${rule}; send it in parts.`, `is past the limit: ${rule}`);
  }

  private skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at += 1;
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
