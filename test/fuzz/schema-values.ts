/** Values that fit a JSON Schema, as fast-check makes them: small ones and limits more often than others. */
import fc from 'fast-check';
import type { Json } from '../../src/domain/event.js';
import { isUuidV7 } from '../../src/domain/uuid.js';
import type { Schema } from './api-document.js';

type Arbitrary = fc.Arbitrary<unknown>;

/** Ids that are known to the service, from which a schema of ids takes its values half of the time. */
export type KnownIds = () => readonly string[];

/** A text that no refusal may repeat. */
export const SECRET = 'geheimnis-7f3a';

/** Any JSON. Of numbers those that are kept exactly: the others are among the mutations. */
const JSON_VALUES = fc.jsonValue({ depthSize: 'small' }).map((value) => withExactNumbers(value as Json));

function withExactNumbers(value: Json): Json {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : 7;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withExactNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withExactNumbers(field)]));
}

const DATES = { noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2999-12-31') } as const;

/** Makes values of a schema. Each schema is looked at once, since there are many of the same. */
export function schemaValues(knownIds: KnownIds): (schema: Schema) => Arbitrary {
  const made = new WeakMap<Schema, Arbitrary>();
  const uuids = fc.nat({ max: 0xffff }).chain((number) => {
    const ids = knownIds();
    const known = ids[number % Math.max(1, ids.length)];
    return known !== undefined && number % 2 === 0 ? fc.constant(known) : fc.uuid({ version: 7 });
  });

  function of(schema: Schema): Arbitrary {
    let arbitrary = made.get(schema);
    if (arbitrary === undefined) {
      arbitrary = make(schema);
      made.set(schema, arbitrary);
    }
    return arbitrary;
  }

  function make(schema: Schema): Arbitrary {
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const branches = schema.oneOf ?? schema.anyOf;
    if (branches !== undefined) return fc.oneof(...branches.map((branch) => of(merged(schema, branch))));
    const types = [schema.type ?? []].flat();
    if (types.length > 1) return fc.oneof(...types.map((type) => of({ ...schema, type })));
    return ofType(types[0], schema);
  }

  function ofType(type: string | undefined, schema: Schema): Arbitrary {
    switch (type) {
      case 'object':
        return object(schema);
      case 'array':
        return fc.array(schema.items === undefined ? JSON_VALUES : of(schema.items), {
          minLength: schema.minItems ?? 0,
          maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 4),
        });
      case 'string':
        return text(schema);
      case 'integer':
      case 'number':
        return number(type, schema);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return JSON_VALUES;
    }
  }

  function object({ properties = {}, required = [], additionalProperties }: Schema): Arbitrary {
    const fields = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, of(property)]),
    );
    const known = fc.record(fields, { requiredKeys: [...required] });
    if (additionalProperties === false) return known;
    const more = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), JSON_VALUES, { maxKeys: 2 });
    return fc
      .tuple(known, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }))
      .map(([fit, extra]) => ({ ...extra, ...fit }));
  }

  function text({ pattern, format, minLength = 0, maxLength = 200 }: Schema): Arbitrary {
    if (format === 'date-time') return fc.date(DATES).map((date) => date.toISOString());
    if (pattern?.includes('-7[0-9a-f]{3}-')) return uuids.filter(isUuidV7);
    const longest = Math.min(maxLength, 4096);
    const lengths = { minLength, maxLength: longest };
    const some = fc.oneof(
      { weight: 2, arbitrary: fc.constant(SECRET) },
      { weight: 4, arbitrary: fc.string({ ...lengths, unit: 'grapheme', size: 'small' }) },
      { weight: 1, arbitrary: fc.constant('x'.repeat(longest)) },
    );
    if (pattern === undefined) return some;
    const matches = new RegExp(pattern, 'u');
    // A pattern that takes hardly any text has to make its own.
    if (!matches.test(SECRET)) return fc.stringMatching(matches);
    return some.filter((value) => matches.test(value));
  }

  return of;
}

function number(type: 'integer' | 'number', schema: Schema): Arbitrary {
  const min = schema.minimum ?? schema.exclusiveMinimum ?? -1e6;
  const max = schema.maximum ?? schema.exclusiveMaximum ?? Math.max(min, 1e6);
  const limits = fc.constantFrom(min, max);
  const within =
    type === 'integer'
      ? fc.integer({ min: Math.max(Math.ceil(min), -(2 ** 31)), max: Math.min(Math.floor(max), 2 ** 31 - 1) })
      : fc.double({ min, max, noNaN: true });
  const small = fc.integer({ min: Math.ceil(min), max: Math.min(Math.floor(max), Math.ceil(min) + 4) });
  return fc.oneof(
    { weight: 2, arbitrary: within },
    { weight: 1, arbitrary: limits },
    { weight: 2, arbitrary: small },
  );
}

/** A branch with what stands around it, as both have to hold. */
function merged(whole: Schema, branch: Schema): Schema {
  const { oneOf: _oneOf, anyOf: _anyOf, ...around } = whole;
  return {
    ...around,
    ...branch,
    properties: { ...around.properties, ...branch.properties },
    required: [...new Set([...(around.required ?? []), ...(branch.required ?? [])])],
  };
}
