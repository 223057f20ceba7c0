/** What may be wrong with a JSON text: in its values, and in how it is written. */
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import { SECRET } from './schema-values.js';

/** A piece of text that takes the place of a value as it is, such as a number that no double holds. */
class Raw {
  constructor(readonly text: string) {}
}

const NESTED = (depth: number): Raw => new Raw('['.repeat(depth) + ']'.repeat(depth));

/** Values that are odd wherever they stand. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  '',
  [],
  {},
  [[]],
  SECRET,
  '\u0000',
  '\u202e\u200b\ufeff',
  '../../../etc/passwd',
  "'; DROP TABLE events; --",
  '#{7*7}{{7*7}}',
  '<script>alert(1)</script>',
  'x'.repeat(5000),
  '😀'.repeat(200),
  'e\u0301'.repeat(100),
  9007199254740991,
  1e-7,
  { constructor: { prototype: { polluted: true } } },
  { constructor: 1, prototype: 2, toString: 3, valueOf: null, hasOwnProperty: 0 },
  { toJSON: 'x', length: 1e9 },
  new Raw('{"then":1}'),
  new Raw('{"__proto__":{"polluted":true}}'),
  new Raw('{"\\u005f_proto__":1}'),
  new Raw('{"a":1,"a":2}'),
  new Raw('{"a":1,"\\u0061":2}'),
  new Raw('9007199254740993'),
  new Raw('1e400'),
  new Raw('-1e400'),
  new Raw('1e-400'),
  new Raw('-0'),
  new Raw('0.1000000000000000055511151231257827'),
  new Raw(`1${'0'.repeat(400)}`),
  new Raw(`0.${'1'.repeat(20_000)}`),
  new Raw('"\\ud800"'),
  new Raw('"\\udc00\\ud800"'),
  new Raw('NaN'),
  new Raw('Infinity'),
  new Raw('01'),
  new Raw('"\\x41"'),
  new Raw('undefined'),
  NESTED(31),
  NESTED(33),
  NESTED(20_000),
  new Raw(`[${'0,'.repeat(9_000)}0]`),
  new Raw(`[${'0,'.repeat(30_000)}0]`),
  new Raw(`{${Array.from({ length: 3000 }, (_, index) => `"k${index}":0`).join(',')}}`),
  new Raw(`[${'[],'.repeat(9_000)}[]]`),
];

const ODD_KEYS = [
  '',
  '__proto__',
  'constructor',
  'prototype',
  'a/b~c',
  '$ref',
  '\u0000',
  'x'.repeat(300),
  '0',
];

/** The text of a value, spoilt or not: a third is left as it is. */
export function jsonText(random: Random, value: unknown): string {
  const roll = random();
  if (roll < 0.34) return JSON.stringify(value);
  if (roll < 0.8) return written(mutated(random, value));
  return spoilt(random, JSON.stringify(value));
}

/** The value with one thing changed somewhere in it. */
function mutated(random: Random, value: unknown): unknown {
  const isContainer = typeof value === 'object' && value !== null && !(value instanceof Raw);
  if (!isContainer || random() < 0.15) return pickOne(random, ODD_VALUES);
  if (Array.isArray(value)) return mutatedArray(random, value);
  return mutatedObject(random, value as Record<string, unknown>);
}

function mutatedArray(random: Random, items: readonly unknown[]): unknown[] {
  const index = integerBetween(random, 0, items.length);
  if (index === items.length || random() < 0.2) return items.toSpliced(index, 0, pickOne(random, ODD_VALUES));
  return items.with(index, mutated(random, items[index]));
}

function mutatedObject(random: Random, object: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(object);
  const key = entries.length === 0 ? 'x' : (pickOne(random, entries)[0] as string);
  const roll = random();
  if (roll < 0.6) return withField(object, key, mutated(random, object[key]));
  if (roll < 0.75) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (roll < 0.85) return withField(object, `${key} `, object[key]);
  return withField(object, pickOne(random, ODD_KEYS), pickOne(random, ODD_VALUES));
}

/** Also where the key is `__proto__`, which an assignment would take for something else. */
function withField(object: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, value]]);
}

function written(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${written(field)}`);
  return `{${fields.join(',')}}`;
}

/** The text with something wrong in how it is written. */
function spoilt(random: Random, text: string): string {
  const place = integerBetween(random, 0, text.length);
  const [before, after] = [text.slice(0, place), text.slice(place)];
  return pickOne(random, [
    () => before,
    () => '',
    () => `${text}${text}`,
    () => `\ufeff${text}`,
    () => ` \t\r\n${text}\n\n`,
    () => `${before}\u0000${after}`,
    () => `${before},${after}`,
    () => `${before}"${after}`,
    () => `${before}\\${after}`,
    () => text.replaceAll('"', "'"),
    () => text.replace('{', '{"__proto__":{},'),
    () => text.replace(/"([^"]+)":/, '"$1":1,"$1":'),
    () => text.replace('}', ',}'),
    () => `[${text}]`,
    () => JSON.stringify(text),
    () => `/* ${text} */`,
    () => '['.repeat(100_000),
    () => `{"a":${'{"a":'.repeat(40)}1${'}'.repeat(41)}`,
    () => `"${'x'.repeat(1_100_000)}"`,
  ])();
}
