/**
 * Validation of bodies and queries by their schemas.
 *
 * Two validators are made of each schema: one that stops at the first fault, on the path of every request, and
 * one that finds them all, for those that failed. Nothing of a body is ever coerced, removed or filled in: what
 * is stored is what was sent. A query has only text, so its values are converted.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { CodedError, type FieldError } from '../domain/errors.js';
import { EVENT_TYPES } from '../domain/event-types.js';
import { limits } from '../domain/limits.js';
import { UUID_V7_PATTERN } from '../domain/uuid.js';
import { UTC_TIME_PATTERN } from './query-time.js';

const COMMON_OPTIONS = {
  strict: true,
  // Ours are judged by a test: to compile the schema of schemas and judge them by it is a fifth of every start.
  validateSchema: false,
  // The branches of a oneOf inherit their type and their required fields from the schema around them.
  strictTypes: false,
  strictRequired: false,
  discriminator: true,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  // Lengths count UTF-16 code units: counting code points walks every text, the longest included, at each append.
  unicode: false,
  logger: false,
  // To make shorter code of it would take four times as long at each start, and save 0.1 µs an event.
  code: { optimize: false },
} as const;

function makeAjv(options: { allErrors: boolean; coerceTypes: boolean }): Ajv2020 {
  // `verbose` puts the schema at fault into an error; it puts the value there too, which is not shown.
  const ajv = new Ajv2020({ ...COMMON_OPTIONS, ...options, verbose: options.allErrors });
  formats.default(ajv, ['date-time']);
  return ajv;
}

/** Made once in a process: they keep what they compiled, and thirty payload schemas take a twentieth of a second. */
const AJV = {
  body: {
    first: makeAjv({ allErrors: false, coerceTypes: false }),
    all: makeAjv({ allErrors: true, coerceTypes: false }),
  },
  query: {
    first: makeAjv({ allErrors: false, coerceTypes: true }),
    all: makeAjv({ allErrors: true, coerceTypes: true }),
  },
} as const;

/** For `setValidatorCompiler`. Path parameters and headers are judged by the routes that use them. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === 'params' || httpPart === 'headers') return () => true;
  const part = httpPart === 'body' ? 'body' : 'query';
  const faultsOf = isListSchema(schema) ? compileList(schema) : compileFaults(part, schema);
  return (value: unknown) => {
    const faults = faultsOf(value);
    return faults === undefined ? true : { error: refusal(part, faults) };
  };
};

/** Compiles a schema ahead of the routes that use it, which then find it compiled. */
export function precompile(schema: TSchema): void {
  compileFaults('body', schema);
}

/** Judges an event by its schema; answers the refusal, if there is one. */
export type EventValidator = (value: unknown) => CodedError | undefined;

/** The validator of one event, for bodies that hold many: the same that a body of one event is judged by. */
export function eventValidator(schema: TSchema): EventValidator {
  const faultsOf = compileFaults('body', schema);
  return (value) => {
    const faults = faultsOf(value);
    return faults && refusal('body', faults);
  };
}

/** What is wrong with a value; `undefined` if nothing is. */
type FaultsOf = (value: unknown) => FieldError[] | undefined;

function compileFaults(part: 'body' | 'query', schema: TSchema): FaultsOf {
  const isValid = AJV[part].first.compile(schema);
  const findAll = AJV[part].all.compile(schema);
  return (value) => {
    if (isValid(value)) return undefined;
    findAll(value);
    return fieldErrors(findAll.errors ?? []);
  };
}

/** A list of values that each have a schema of their own. */
interface ListSchema extends TSchema {
  type: 'array';
  items: TSchema;
  minItems: number;
  maxItems: number;
}

function isListSchema(schema: TSchema): schema is ListSchema {
  return 'type' in schema && schema.type === 'array';
}

/** Each item is judged by what its schema was compiled to already, and its faults are named with its place. */
function compileList({ items, minItems, maxItems }: ListSchema): FaultsOf {
  const faultsOfItem = compileFaults('body', items);
  return (value) => {
    if (!Array.isArray(value)) return [{ path: '', message: 'must be array' }];
    if (value.length < minItems || value.length > maxItems) {
      return [{ path: '', message: `must have ${minItems} to ${maxItems} items` }];
    }
    const faults: FieldError[] = [];
    for (let index = 0; index < value.length && faults.length < limits.fieldErrorsMax; index += 1) {
      const ofItem = faultsOfItem(value[index]);
      if (ofItem !== undefined) faults.push(...ofItem.map((fault) => atItem(index, fault)));
    }
    return faults.length === 0 ? undefined : faults.slice(0, limits.fieldErrorsMax);
  };
}

/** A fault within the item of a list, by its path within the list. */
export function atItem(index: number, { path, message }: FieldError): FieldError {
  return { path: `/${index}${path}`, message };
}

function refusal(part: 'body' | 'query', errors: FieldError[]): CodedError {
  if (errors.some(({ message }) => message === UNKNOWN_TYPE_MESSAGE)) {
    return new CodedError('UNKNOWN_EVENT_TYPE', 'The event_type is none of those that there are.', {
      errors,
    });
  }
  const what = part === 'body' ? 'The body does not fit its schema' : 'The query does not fit its schema';
  return new CodedError('VALIDATION_FAILED', `${what}; errors says where.`, { errors });
}

/** The faults, each once, at the path of the field that is wrong, missing or too much. */
function fieldErrors(found: readonly ErrorObject[]): FieldError[] {
  const byText = new Map<string, FieldError>();
  for (const error of found) {
    if (byText.size === limits.fieldErrorsMax) break;
    // What is wrong with each branch of a union says less than what is wrong with the whole.
    if (/\/anyOf\/\d/.test(error.schemaPath)) continue;
    const fieldError = { path: pathOf(error), message: messageOf(error) };
    const key = `${fieldError.path} ${fieldError.message}`;
    // A missing or mistyped event_type is reported as such; that no branch could be chosen follows from it.
    if (error.keyword === 'discriminator' && error.params.error === 'tag') continue;
    byText.set(key, fieldError);
  }
  return [...byText.values()];
}

function pathOf({ keyword, instancePath, params }: ErrorObject): string {
  const name =
    keyword === 'required'
      ? params.missingProperty
      : keyword === 'additionalProperties'
        ? params.additionalProperty
        : keyword === 'discriminator'
          ? params.tag
          : undefined;
  if (typeof name !== 'string') return instancePath;
  return `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

const UNKNOWN_TYPE_MESSAGE = `must be one of ${EVENT_TYPES.join(', ')}`;

function messageOf({ keyword, params, schema, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not known here';
    case 'discriminator':
      return UNKNOWN_TYPE_MESSAGE;
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`;
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`;
    case 'pattern':
      if (schema === UUID_V7_PATTERN) return 'must be a UUIDv7 in lower case';
      if (schema === UTC_TIME_PATTERN) return 'must be a time in UTC, such as 2026-01-31T08:00:00Z';
      return message ?? 'is not valid';
    case 'anyOf':
      return unionMessage(schema as Parameters<typeof unionMessage>[0]);
    default:
      return message ?? 'is not valid';
  }
}

/** A union is of types, of fields of which one must be there, or of one event type and several. */
function unionMessage(branches: readonly { required?: string[]; type?: string; enum?: unknown[] }[]): string {
  if (String(branches[0]?.enum) === String(EVENT_TYPES)) return UNKNOWN_TYPE_MESSAGE;
  const names = branches.flatMap(({ required }) => required ?? []);
  if (names.length === branches.length) return `must have at least one of ${names.join(', ')}`;
  const types = new Set(branches.flatMap(({ type }) => type ?? []));
  return `must be ${[...types].join(' or ')}, in the form that GET /docs shows`;
}
