import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type as TypeBox } from 'typebox';
import { Type } from '../../src/domain/schema.js';

/** A schema of every kind that is built, with and without options. */
function schemas(builders: typeof Type): unknown[] {
  const named = { description: 'what it is' };
  const text = builders.String({ minLength: 1, format: 'uuid' });
  return [
    text,
    builders.String(),
    builders.Integer({ minimum: 0 }),
    builders.Number({ maximum: 1.5 }),
    builders.Boolean(named),
    builders.Null(),
    builders.Literal('one'),
    builders.Literal(2),
    builders.Literal(true, named),
    builders.Enum(['one', 'two'], named),
    builders.Unknown(named),
    builders.Unsafe({ type: 'object', additionalProperties: true }),
    builders.Array(text, { maxItems: 3 }),
    builders.Union([text, builders.Null()], named),
    builders.Object({}),
    builders.Object({ text, other: builders.Optional(text) }, { additionalProperties: false }),
    builders.Object({ only: builders.Optional(builders.Array(builders.Object({ text }))) }),
    // One schema may be optional in one object and required in another.
    builders.Object({ text }),
  ];
}

test('schemas are those that TypeBox builds', () => {
  assert.deepEqual(
    schemas(Type).map((schema) => JSON.parse(JSON.stringify(schema))),
    schemas(TypeBox as unknown as typeof Type).map((schema) => JSON.parse(JSON.stringify(schema))),
  );
});
