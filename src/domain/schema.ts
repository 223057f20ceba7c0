/**
 * Builds JSON Schemas whose types are TypeBox's: what `Type.Object` returns is plain JSON Schema when the program runs,
 * and a type that `Static` can read when it is compiled.
 *
 * TypeBox itself is not loaded: that is hundreds of modules, a good part of a start, and of all that it can build
 * we need so little.
 */
import type { TSchema, Type as TypeBox } from 'typebox';

type Builders = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>;
type Options = Readonly<Record<string, unknown>>;

/** The schemas of properties that may be left out. */
const optionalSchemas = new WeakSet<TSchema>();

function requiredNames(properties: Readonly<Record<string, TSchema>>): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => (optionalSchemas.has(schema) ? [] : [name]));
}

const builders = {
  Array: (items: TSchema, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly string[], options?: Options) => ({ enum: values, ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Literal: (value: string | number | boolean, options?: Options) => {
    return { type: typeof value, const: value, ...options };
  },
  Null: (options?: Options) => ({ type: 'null', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Object: (properties: Readonly<Record<string, TSchema>>, options?: Options) => {
    const required = requiredNames(properties);
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  /** A property that may be left out; a copy, so that the schema itself can be a required one elsewhere. */
  Optional: (schema: TSchema) => {
    const optional = { ...schema };
    optionalSchemas.add(optional);
    return optional;
  },
  String: (options?: Options) => ({ type: 'string', ...options }),
  Union: (anyOf: readonly TSchema[], options?: Options) => ({ anyOf, ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Unsafe: (schema: TSchema) => ({ ...schema }),
};

/** TypeBox's functions of these names, as its documentation says, without the marks that only its own functions read. */
export const Type = builders as unknown as Builders;
