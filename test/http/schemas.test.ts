import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as listSchemas from '../../src/http/list-schemas.js';
import * as schemas from '../../src/http/schemas.js';

test('every schema of a request or an answer is a valid one of draft 2020-12', () => {
  const ajv = new Ajv2020({ logger: false });
  const named = Object.entries({ ...schemas, ...listSchemas }).filter(
    ([, value]) => typeof value === 'object',
  );
  assert.ok(named.length > 20, `${named.length} schemas`);
  for (const [name, schema] of named) {
    assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
  }
  assert.equal(ajv.validateSchema({ type: 'strange' }), false);
});
