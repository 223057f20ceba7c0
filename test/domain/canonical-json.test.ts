/** The canonical form against RFC 8785's own vectors, the inputs of its public test suite, and another implementation. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { Json } from '../../src/domain/event.js';
import { testSeed } from './test-seed.js';

// A CommonJS module whose types describe a default export that it does not have.
const canonicalize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string;

const SAMPLE = String.raw`{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`;

const SAMPLE_UTF8 = `
  7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62
  65 72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30
  2e 30 30 32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41
  27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d`;

/** RFC 8785, appendix B: the bits of a double, big-endian, and its text. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

/** The inputs of the RFC's public test suite: name, input, canonical text. */
const SUITE: readonly (readonly [string, string, string])[] = [
  ['arrays', '[56, {"d": true, "10": null, "1": [ ]}]', '[56,{"1":[],"10":null,"d":true}]'],
  [
    'french',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}',
  ],
  [
    'structures',
    String.raw`{"1": {"f": {"f": "hi","F": 5},"\n": 56.0}, "10": { }, "": "empty", "a": { }, "111": [{"e": "yes","E": "no"}], "A": { }}`,
    String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}`,
  ],
  ['unicode', String.raw`{"Unnormalized Unicode":"A\u030a"}`, '{"Unnormalized Unicode":"A\u030a"}'],
  [
    'values',
    SAMPLE,
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  [
    'weird',
    String.raw`{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\u000a": "Newline", "1": "One", "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley", "\u00f6": "Latin Small Letter O With Diaeresis", "\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge"}`,
    '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","\ud83d\ude02":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
];

function doubleOfBits(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE();
}

describe('canonicalJson', () => {
  for (const [name, input, expected] of SUITE) {
    it(`writes the ${name} input of the public test suite`, () => {
      assert.equal(canonicalJson(JSON.parse(input)), expected);
    });
  }

  it('writes the sample of section 3.2.2 as the bytes of section 3.2.4', () => {
    const bytes = Buffer.from(canonicalJson(JSON.parse(SAMPLE)), 'utf8');
    assert.equal(bytes.toString('hex'), SAMPLE_UTF8.replaceAll(/\s/g, ''));
  });

  it('sorts the keys of section 3.2.3 by UTF-16 code units', () => {
    const input = String.raw`{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}`;
    const expected =
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
      '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}';
    assert.equal(canonicalJson(JSON.parse(input)), expected);
  });

  for (const [bits, expected] of NUMBERS) {
    it(`writes the double ${bits} of appendix B as ${expected}`, () => {
      assert.equal(canonicalJson(doubleOfBits(bits)), expected);
      assert.equal(canonicalJson({ b: doubleOfBits(bits), a: 1 }), `{"a":1,"b":${expected}}`);
    });
  }

  for (const [bits, name] of [
    ['7fffffffffffffff', 'NaN'],
    ['7ff0000000000000', 'Infinity'],
  ] as const) {
    it(`throws on ${name} (appendix B), at the top and inside`, () => {
      assert.throws(() => canonicalJson(doubleOfBits(bits)), /finite/);
      assert.throws(() => canonicalJson({ a: [doubleOfBits(bits)] }), /finite/);
    });
  }

  it('throws on a lone surrogate in a string and in a key', () => {
    assert.throws(() => canonicalJson({ a: 'x\ud800' }), /lone surrogate/);
    assert.throws(() => canonicalJson({ b: 1, '\udc00': 1 }), /lone surrogate/);
  });

  it('throws on what is no JSON value rather than leave it out', () => {
    assert.throws(() => canonicalJson({ a: undefined } as unknown as Json), /is JSON/);
    assert.throws(() => canonicalJson([undefined] as unknown as Json), /is JSON/);
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested.
    assert.throws(() => canonicalJson([1, , 2] as unknown as Json), /is JSON/);
  });

  it('sorts keys that look like array indexes as strings', () => {
    assert.equal(canonicalJson({ 9: 1, 10: 2, 1: 3 }), '{"1":3,"10":2,"9":1}');
  });

  it('keeps a key named __proto__ or toJSON as any other', () => {
    const text = '{"__proto__":{"b":1},"toJSON":"x"}';
    assert.equal(canonicalJson(JSON.parse(text)), text);
    assert.equal(canonicalJson(JSON.parse('{"toJSON":"x","__proto__":{"b":1}}')), text);
  });

  it('agrees with another implementation on any JSON value, and is a fixed point', (t) => {
    const property = fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 }), (value) => {
      const text = canonicalJson(value as Json);
      assert.equal(text, canonicalize(value));
      assert.equal(canonicalJson(JSON.parse(text)), text);
    });
    fc.assert(property, { seed: testSeed(t), numRuns: 1000 });
  });
});
