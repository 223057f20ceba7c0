/**
 * The building blocks of the schemas: fields that several event types share, and how a payload is made of them.
 *
 * Objects say `additionalProperties: true` although that is the default of JSON Schema, because a serialiser
 * built from a schema that does not say so leaves the unlisted fields out, and nothing that was sent may be lost.
 */
import type { Static, TObject, TProperties, TSchema, TUnsafe } from 'typebox';
import type { Json, JsonObject } from '../event.js';
import { Type } from '../schema.js';
import { UUID_V7_PATTERN } from '../uuid.js';

/** A payload: its fields, one valid example, and the fields of which at least one must be there. */
export function payload<P extends TProperties>(
  description: string,
  properties: P,
  example: NoInfer<Static<TObject<P>>>,
  anyOf: readonly (keyof P & string)[] = [],
): TObject<P> {
  return Type.Object(properties, {
    description,
    additionalProperties: true,
    examples: [example],
    ...(anyOf.length === 0 ? {} : { anyOf: anyOf.map((name) => ({ required: [name] })) }),
  });
}

/**
 * A field that may be left out, or sent as null, which says the same: front ends that fill in a fixed set of
 * fields send null for those they know nothing about. `type` takes null beside it so that a wrong value gets
 * one message and not one for each branch of a union.
 */
export function optional<S extends TSchema & { type: string }>(schema: S) {
  const values = (schema as { enum?: readonly Json[] }).enum;
  return Type.Optional(
    Type.Unsafe<Static<S> | null>({
      ...schema,
      type: [schema.type, 'null'],
      ...(values === undefined ? {} : { enum: [...values, null] }),
    }),
  );
}

/** One of a few words. */
export function oneOf<const V extends readonly string[]>(
  values: V,
  description: string,
): TUnsafe<V[number]> & { type: 'string' } {
  return typed('string', Type.Unsafe<V[number]>({ enum: values, description }));
}

/** An object whose fields are the sender's. */
export function openObject(description: string): TUnsafe<JsonObject> & { type: 'object' } {
  return typed('object', Type.Unsafe<JsonObject>({ additionalProperties: true, description }));
}

/** Any JSON value. */
export function anyJson(description: string): TUnsafe<Json> {
  return Type.Unsafe<Json>({ description });
}

/** A text that says something. */
export function text(description: string) {
  return Type.String({ minLength: 1, description });
}

/** A text that may be empty, such as the message of an error that had none. */
export function anyText(description: string) {
  return Type.String({ description });
}

/** A list of texts; it may be empty. */
export function texts(description: string) {
  return Type.Array(Type.String({ minLength: 1 }), { description });
}

/** A list of findings, each a text or an object with details; it may be empty. */
export function entries(description: string) {
  return Type.Array(Type.Union([Type.String({ minLength: 1 }), openObject('A finding with details.')]), {
    description,
  });
}

/**
 * What a person or a list can tell equally well: "penicillin", ["penicillin"] or [{"substance": …}]. The
 * contract leaves its type open, and front ends send it as free text as well as a list; null says nothing.
 */
export function narrative(description: string) {
  return Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), entries('One entry each.'), Type.Null()], { description }),
  );
}

/** A share of what is wanted, in percent, 0 to 100. */
export function percent(description: string) {
  return Type.Number({ minimum: 0, maximum: 100, description });
}

/** A share or likelihood, 0 to 1. */
export function fraction(description: string) {
  return Type.Number({ minimum: 0, maximum: 1, description });
}

/** How many; 0 or more. */
export function count(description: string) {
  return Type.Integer({ minimum: 0, description });
}

/** The number of an extraction round, 1 to 5. */
export function iteration(description = 'The extraction round, 1 to 5.') {
  return Type.Integer({ minimum: 1, maximum: 5, description });
}

export function uuidV7(description: string) {
  return Type.String({ pattern: UUID_V7_PATTERN, description });
}

export function sha256Hex(description: string) {
  return Type.String({ pattern: '^[0-9a-f]{64}$', description });
}

/** How grave a finding is. */
export function gravityScore() {
  return Type.Number({ minimum: 1, maximum: 10, description: 'How grave it is, 1 to 10 (gravest).' });
}

/** How soon somebody must act. */
export function timeToAction() {
  return oneOf(['immediate', 'urgent', 'priority', 'routine'], 'How soon somebody must act.');
}

export function coreId() {
  return text('The reasoning core of the front end that this is about.');
}

function typed<T extends string, S extends TSchema>(type: T, schema: S): S & { type: T } {
  return Object.assign(schema, { type });
}
