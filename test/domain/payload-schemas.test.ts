import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import type { Json, JsonObject } from '../../src/domain/event.js';
import { EVENT_TYPES, type EventType } from '../../src/domain/event-types.js';
import { PAYLOAD_SCHEMAS } from '../../src/domain/payload-schemas.js';
import { examplePayload } from './consultation-builder.js';
import { ACCEPTED, REFUSED, REQUIRED } from './payload-cases.js';

/** Strict, and a warning is a failure: a schema with an unknown keyword would enforce less than it seems to. */
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  logger: {
    log: () => {},
    warn: (...words: unknown[]) => assert.fail(words.join(' ')),
    error: (...words: unknown[]) => assert.fail(words.join(' ')),
  },
});
ajvFormats.default(ajv);
const validators = new Map(EVENT_TYPES.map((type) => [type, ajv.compile(PAYLOAD_SCHEMAS[type])]));

/** The fault of a payload, as `path keyword` of each error; empty when it is valid. */
function faults(type: EventType, payload: Json): string[] {
  const validate = validators.get(type);
  assert.ok(validate);
  validate(payload);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
}

/** The example of a type with some fields replaced; `undefined` takes a field out. */
function exampleWith(type: EventType, change: { [field: string]: Json | undefined }): JsonObject {
  return JSON.parse(JSON.stringify({ ...examplePayload(type), ...change }));
}

for (const type of EVENT_TYPES) {
  const { properties, required } = PAYLOAD_SCHEMAS[type] as unknown as {
    properties: { [name: string]: { description?: string } };
    required?: string[];
  };

  describe(`the payload of ${type}`, () => {
    it('accepts its example', () => {
      assert.deepEqual(faults(type, examplePayload(type)), []);
    });

    it('asks for exactly the fields of the contract', () => {
      assert.deepEqual(required ?? [], REQUIRED[type]);
      for (const field of REQUIRED[type]) {
        assert.deepEqual(faults(type, exampleWith(type, { [field]: undefined })), [' required'], field);
      }
    });

    it('refuses each wrong value and names its path', () => {
      for (const [field, values] of Object.entries(REFUSED[type])) {
        assert.ok(field in properties, `${field} is a field`);
        for (const value of values) {
          const found = faults(type, exampleWith(type, { [field]: value }));
          assert.ok(found.length > 0, `${field} refuses ${JSON.stringify(value)}`);
          for (const fault of found) assert.match(fault, new RegExp(`^/${field}`), fault);
        }
      }
    });

    it('accepts each value at the ends of a range', () => {
      for (const [field, values] of Object.entries(ACCEPTED[type] ?? {})) {
        for (const value of values) {
          assert.deepEqual(faults(type, exampleWith(type, { [field]: value })), [], field);
        }
      }
    });

    it('accepts fields that are not listed', () => {
      assert.deepEqual(faults(type, exampleWith(type, { not_listed: { at: ['all', 1] } })), []);
    });

    it('describes every field', () => {
      for (const [name, field] of Object.entries(properties)) {
        assert.match(field.description ?? '', /^[A-Z].*\.$/, name);
      }
    });

    it('refuses what is no object', () => {
      for (const value of [null, [], 'x', 1]) assert.deepEqual(faults(type, value), [' type']);
    });
  });
}

describe('payloads of which any field will do', () => {
  for (const type of ['DEMOGRAPHICS_UPDATED', 'CONTEXT_UPDATED'] as const) {
    it(`${type} takes each listed field alone, and needs one`, () => {
      const example = { ...examplePayload(type), surgeries: ['appendectomy in 1990'] } as JsonObject;
      for (const field of Object.keys(PAYLOAD_SCHEMAS[type].properties)) {
        assert.deepEqual(faults(type, { [field]: example[field] ?? null }), [], field);
      }
      assert.ok(faults(type, {}).includes(' anyOf'));
      assert.ok(faults(type, { not_listed: 1 }).includes(' anyOf'));
    });
  }
});

describe('audit entries', () => {
  const entry = (examplePayload('AUDIT_ENTRY_CREATED').audit_entries as JsonObject[])[0] as JsonObject;
  const entryFaults = (change: { [field: string]: Json | undefined }) =>
    faults('AUDIT_ENTRY_CREATED', JSON.parse(JSON.stringify({ audit_entries: [{ ...entry, ...change }] })));

  it('need each of their fields', () => {
    for (const field of ['timestamp', 'level', 'message', 'context']) {
      assert.deepEqual(entryFaults({ [field]: undefined }), ['/audit_entries/0 required'], field);
    }
  });

  it('are checked field by field', () => {
    assert.deepEqual(entryFaults({ timestamp: 'yesterday' }), ['/audit_entries/0/timestamp format']);
    assert.deepEqual(entryFaults({ level: 'debug' }), ['/audit_entries/0/level enum']);
    assert.deepEqual(entryFaults({ message: '' }), ['/audit_entries/0/message minLength']);
    assert.deepEqual(entryFaults({ context: 'x' }), ['/audit_entries/0/context type']);
    for (const level of ['info', 'warning', 'critical']) assert.deepEqual(entryFaults({ level }), []);
  });

  it('may carry fields that are not listed', () => {
    assert.deepEqual(entryFaults({ actor: 'dr-test' }), []);
  });
});

describe('the example of CONSULTATION_COMMITTED', () => {
  it('carries the hash of its note', () => {
    const { soap_data, commit_hash } = examplePayload('CONSULTATION_COMMITTED');
    assert.equal(commit_hash, hash('sha256', canonicalJson(soap_data as Json), 'hex'));
  });
});
