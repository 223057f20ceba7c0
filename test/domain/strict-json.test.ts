/** Strict reading: what is refused, with which code and path, and that nothing else differs from JSON.parse. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CodedError, type ErrorCode } from '../../src/domain/errors.js';
import { jsonFault } from '../../src/domain/json-fault.js';
import { limits } from '../../src/domain/limits.js';
import { decodeUtf8, parseStrictJson } from '../../src/domain/strict-json.js';
import { testSeed } from './test-seed.js';

function refusal(action: () => unknown): CodedError {
  try {
    action();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  assert.fail('it was accepted');
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

const raw = String.raw;

/** What is wrong, the text, the code and the path. */
/** An object of so many fields. */
function objectOf(fields: number): string {
  return `{${Array.from({ length: fields }, (_, index) => `"k${index}":0`).join(',')}}`;
}

const REFUSED: readonly (readonly [string, string, ErrorCode, string])[] = [
  ['a duplicate key', '{"a":1,"b":2,"a":3}', 'DUPLICATE_KEY', '/a'],
  ['a duplicate key deep inside', '{"p":[{"x":1},{"y":1,"y":1}]}', 'DUPLICATE_KEY', '/p/1/y'],
  ['a duplicate key written with an escape', raw`{"a":1,"\u0061":2}`, 'DUPLICATE_KEY', '/a'],
  ['a duplicate of the empty key', '{"":1,"":2}', 'DUPLICATE_KEY', '/'],
  ['a duplicate key that needs escapes in a pointer', '{"a/b~c":1,"a/b~c":2}', 'DUPLICATE_KEY', '/a~1b~0c'],
  [
    'a duplicate key with quotes and backslashes',
    raw`{"\"\\":1,"\"\\":2}`,
    'DUPLICATE_KEY',
    raw`/"\ `.trim(),
  ],
  ['a duplicate hidden by colons in strings', '{"a":":","a":"::"}', 'DUPLICATE_KEY', '/a'],
  ['a duplicate key that looks like an index', '{"1":1,"1":2}', 'DUPLICATE_KEY', '/1'],
  ['an integer of 2^53', '{"n":9007199254740992}', 'UNSAFE_NUMBER', '/n'],
  ['an integer of -2^53', '[0,-9007199254740992]', 'UNSAFE_NUMBER', '/1'],
  ['an integer that would be rounded', '[9007199254740993]', 'UNSAFE_NUMBER', '/0'],
  ['a large power of ten', '1e300', 'UNSAFE_NUMBER', ''],
  ['a number that overflows', '[1e400]', 'UNSAFE_NUMBER', '/0'],
  ['a number that underflows', '[1e-400]', 'UNSAFE_NUMBER', '/0'],
  ['a subnormal number that would be rounded', '[4.9e-324]', 'UNSAFE_NUMBER', '/0'],
  ['a fraction with more digits than a double', '[0.12345678901234567890]', 'UNSAFE_NUMBER', '/0'],
  ['a fraction that is not the shortest', '[333333333.33333329]', 'UNSAFE_NUMBER', '/0'],
  ['a fraction beside a safe limit', '[9007199254740991.4]', 'UNSAFE_NUMBER', '/0'],
  ['an escaped lone high surrogate', raw`{"a":"x\ud800y"}`, 'LONE_SURROGATE', '/a'],
  ['an escaped lone low surrogate', raw`{"a":"\uDC00"}`, 'LONE_SURROGATE', '/a'],
  ['surrogates in the wrong order', raw`["\udc00\ud800"]`, 'LONE_SURROGATE', '/0'],
  ['a raw lone surrogate', '["\ud800"]', 'LONE_SURROGATE', '/0'],
  ['a low surrogate after an escaped backslash', raw`["\\ud83d\ude00"]`, 'LONE_SURROGATE', '/0'],
  ['a lone surrogate in a key, at its object', raw`{"a":{"\ud800":1}}`, 'LONE_SURROGATE', '/a'],
  ['a key __proto__', '{"a":{"__proto__":{}}}', 'FORBIDDEN_KEY', '/a/__proto__'],
  ['a key __proto__ written with an escape', raw`{"\u005f_proto__":1}`, 'FORBIDDEN_KEY', '/__proto__'],
  ['constructor.prototype', '[{"constructor":{"x":1,"prototype":1}}]', 'FORBIDDEN_KEY', '/0/constructor'],
  [
    'nesting past the limit',
    nested(limits.jsonDepthMax + 1),
    'JSON_TOO_DEEP',
    '/0'.repeat(limits.jsonDepthMax),
  ],
  ['nesting far past the limit', '['.repeat(500_000), 'JSON_TOO_DEEP', '/0'.repeat(limits.jsonDepthMax)],
  ['too many items', `[${'1,'.repeat(limits.jsonValuesMax)}1]`, 'VALIDATION_FAILED', ''],
  ['too many brackets', `[${'[],'.repeat(limits.jsonValuesMax / 2)}[]]`, 'VALIDATION_FAILED', ''],
  ['a number without end', `[0.${'0'.repeat(20_000)}]`, 'UNSAFE_NUMBER', '/0'],
  ['a string without end', `"${'\\"'.repeat(50)}`, 'INVALID_JSON', ''],
  ['too many fields', objectOf(limits.jsonFieldsMax + 1), 'VALIDATION_FAILED', `/k${limits.jsonFieldsMax}`],
  ['an empty text', '', 'INVALID_JSON', ''],
  ['only space', ' \n', 'INVALID_JSON', ''],
  ['a cut text', '{"a":[1,', 'INVALID_JSON', '/a/1'],
  ['a cut string', '{"a":"x', 'INVALID_JSON', '/a'],
  ['a trailing comma in an object', '{"a":1,}', 'INVALID_JSON', ''],
  ['a trailing comma in an array', '[1,]', 'INVALID_JSON', '/1'],
  ['two values', '{} {}', 'INVALID_JSON', ''],
  ['a key without quotes', '{a:1}', 'INVALID_JSON', ''],
  ['single quotes', "{'a':1}", 'INVALID_JSON', ''],
  ['a missing colon', '{"a" 1}', 'INVALID_JSON', '/a'],
  ['a leading zero', '[01]', 'INVALID_JSON', ''],
  ['a leading plus', '[+1]', 'INVALID_JSON', '/0'],
  ['a bare point', '[1.]', 'INVALID_JSON', ''],
  ['a minus alone', '[-]', 'INVALID_JSON', '/0'],
  ['NaN', '{"a":NaN}', 'INVALID_JSON', '/a'],
  ['a raw newline in a string', '["a\nb"]', 'INVALID_JSON', '/0'],
  ['an unknown escape', raw`["\x41"]`, 'INVALID_JSON', '/0'],
  ['a short unicode escape', raw`["\u12"]`, 'INVALID_JSON', '/0'],
  ['a byte order mark', '\ufeff{}', 'INVALID_JSON', ''],
  ['a space that JSON does not know', '[1,\u00a02]', 'INVALID_JSON', '/1'],
  ['a comment', '[1/**/]', 'INVALID_JSON', ''],
];

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['numbers that a double keeps', '[0,-0,0.10,1.0,1e2,1E+2,0.1,-12.50,9007199254740991,-9007199254740991]'],
  ['the smallest double', '[5e-324,-5e-324,2.2250738585072014e-308]'],
  ['seventeen digits that are the shortest', '[0.30000000000000004,1424953923781206.2]'],
  ['many zeros', `[1.${'0'.repeat(5000)},0.${'0'.repeat(5000)}]`],
  ['a zero with any exponent', '[0e999,0E-999,-0.0e5]'],
  ['surrogate pairs, raw and escaped', raw`["😀\ud83d\ude00","\\ud800","\\\\ud800"]`],
  ['the same key in different objects', '{"a":{"a":[{"a":1},{"a":2}]}}'],
  ['keys that differ in case or form', '{"a":1,"A":2,"a ":3,"á":4,"a\u0301":5}'],
  ['brackets, colons and quotes in strings', raw`{"a[{:":"\"}]:,-9007199254740993","\\":"\\\\\""}`],
  [
    'constructor and prototype apart',
    '{"constructor":{"name":1},"prototype":{},"x":{"constructor":"prototype"}}',
  ],
  ['nesting at the limit', nested(limits.jsonDepthMax)],
  ['as many values as the limit', `[${'1,'.repeat(limits.jsonValuesMax - 1)}1]`],
  ['as many fields as the limit', objectOf(limits.jsonFieldsMax)],
  ['as many brackets as the limit', `[${'[],'.repeat(limits.jsonValuesMax / 2 - 1)}[]]`],
  ['any number of commas, brackets and colons in strings', `"${'[,{:'.repeat(limits.jsonValuesMax)}"`],
  [
    'a string of more escaped quotes than are searched for',
    JSON.stringify({ a: '"'.repeat(99), b: `${'x\\"'.repeat(99)}\\` }),
  ],
  ['scalars at the top', '"x"'],
  ['null at the top', 'null'],
  ['all kinds of space', ' \t\r\n{ "a" : [ 1 , 2 ] }\n'],
];

describe('parseStrictJson', () => {
  for (const [name, text, code, path] of REFUSED) {
    it(`refuses ${name} and names its path`, () => {
      const error = refusal(() => parseStrictJson(text));
      assert.equal(error.code, code);
      assert.deepEqual(
        error.errors?.map((field) => field.path),
        [path],
      );
    });
  }

  for (const [name, text] of ACCEPTED) {
    it(`accepts ${name}, with the value of JSON.parse`, () => {
      assert.deepStrictEqual(parseStrictJson(text), JSON.parse(text));
      assert.equal(jsonFault(text), undefined);
    });
  }

  it('says at which character a text stops being JSON', () => {
    assert.match(refusal(() => parseStrictJson('{"a":tru}')).message, /at character 6\b.*a value/);
    assert.match(refusal(() => parseStrictJson('{"a":1')).message, /ends at character 6\b/);
  });

  it('never repeats a value of the text in its message', () => {
    for (const text of [
      '{"a":"secret',
      '{"a":secret}',
      '{"a":"secret","b":1e999}',
      raw`{"a":"secret\ud800"}`,
    ]) {
      const error = refusal(() => parseStrictJson(text));
      assert.doesNotMatch(error.message + JSON.stringify(error.errors), /secret/);
    }
  });

  it('cuts a path made of very long keys at a whole key', () => {
    const error = refusal(() => parseStrictJson(`{"a":{"${'k'.repeat(5000)}":1e999}}`));
    assert.deepEqual(error.errors?.[0]?.path, '/a');
  });

  it('gives back any JSON value whose numbers are safe', (t) => {
    const property = fc.property(safeJson, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space);
      assert.deepStrictEqual(parseStrictJson(text), JSON.parse(text));
    });
    fc.assert(property, { seed: testSeed(t), numRuns: 1000 });
  });

  it('never accepts what JSON.parse refuses, and both its ways agree on changed texts', (t) => {
    const property = fc.property(changedText, (text) => {
      const plain = outcome(() => JSON.parse(text));
      const strict = outcome(() => parseStrictJson(text));
      const fault = jsonFault(text);
      if (plain.error !== undefined) assert.equal(strict.error?.code, fault?.code);
      if (strict.error === undefined) {
        assert.equal(plain.error, undefined);
        assert.deepStrictEqual(strict.value, plain.value);
        assert.equal(fault, undefined);
      } else {
        assert.ok(strict.error instanceof CodedError, String(strict.error));
        assert.ok(plain.error !== undefined || strict.error.code !== 'INVALID_JSON');
      }
    });
    fc.assert(property, { seed: testSeed(t), numRuns: 5000 });
  });

  it('finds every key that is sent twice', (t) => {
    const key = fc.constantFrom('a', 'b', 'c', '1', '0', 'é', '😀', '"', '\\', '', 'toString');
    const property = fc.property(fc.array(key, { maxLength: 6 }), fc.boolean(), (keys, isEscaped) => {
      const text = `[{${keys.map((name) => `${isEscaped ? escaped(name) : JSON.stringify(name)}:0`).join()}}]`;
      const { error } = outcome(() => parseStrictJson(text));
      assert.equal(error?.code, new Set(keys).size === keys.length ? undefined : 'DUPLICATE_KEY');
    });
    fc.assert(property, { seed: testSeed(t), numRuns: 1000 });
  });

  it('accepts every double in its shortest form up to the safe limit, and refuses one digit more', (t) => {
    const limit = Number.MAX_SAFE_INTEGER;
    const property = fc.property(fc.double({ min: -limit, max: limit, noNaN: true }), (number) => {
      assert.equal(parseStrictJson(JSON.stringify(number)), Object.is(number, -0) ? 0 : number);
      // No shortest form has more than 17 digits.
      const precise = number.toExponential(20).replace('e', '7e');
      if (number !== 0) assert.equal(refusal(() => parseStrictJson(precise)).code, 'UNSAFE_NUMBER');
    });
    fc.assert(property, { seed: testSeed(t), numRuns: 1000 });
  });
});

describe('decodeUtf8', () => {
  it('gives the text of valid UTF-8', () => {
    assert.equal(decodeUtf8(Buffer.from('{"a":"ñ€😀"}')), '{"a":"ñ€😀"}');
    assert.equal(decodeUtf8(Buffer.alloc(0)), '');
  });

  for (const [name, bytes] of [
    ['a cut sequence', [0x22, 0xc3]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a code point past U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.equal(refusal(() => decodeUtf8(Buffer.from(bytes))).code, 'INVALID_JSON');
    });
  }
});

/** JSON values without unsafe numbers, forbidden keys or lone surrogates. */
const safeJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__' && key !== 'constructor'),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
})).value;

/** Pieces that break JSON, or that only strictness minds. */
const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '-', '.', 'e', '0', '1', ' ', '\n', 'null', 'tru', '\u0000'],
  ...[
    '\\u0061',
    '\\ud800',
    '\\udc00',
    '\ud800',
    '1e999',
    '9007199254740993',
    '0.1',
    '"a":1,',
    '"__proto__":',
  ],
  ...['"constructor":{"prototype":1}', '\ufeff', '"a"', '[[[[[[[[[[[[[[[['],
];

/** JSON texts with a few pieces put in, cut out or put in place of others. */
const changedText = fc
  .tuple(
    safeJson.map((value) => JSON.stringify(value)),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 4 }), fc.constantFrom('', ...PIECES)), { maxLength: 4 }),
  )
  .map(([text, changes]) =>
    changes.reduce((changed, [place, cut, piece]) => {
      const start = place % (changed.length + 1);
      return changed.slice(0, start) + piece + changed.slice(start + cut);
    }, text),
  );

/** What an action gave or threw. JSON.parse throws a SyntaxError, which has no code. */
function outcome(action: () => unknown): { value?: unknown; error?: { code?: ErrorCode } } {
  try {
    return { value: action() };
  } catch (error) {
    return { error: error as CodedError };
  }
}

/** A JSON string with every UTF-16 code unit as an escape. */
function escaped(text: string): string {
  const units = text.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${units.join('')}"`;
}
