/** The parameters of reads that ask how a consultation was: `at_version`, or `at`. */
import type { Static } from 'typebox';
import { CodedError } from '../domain/errors.js';
import { Type } from '../domain/schema.js';
import type { AsOf } from '../store/event-store.js';
import { queryTime, timeMsOf } from './query-time.js';

const version = (description: string) => Type.Integer({ minimum: 1, maximum: 2 ** 32 - 1, description });

export const asOfParameters = {
  at_version: Type.Optional(version('As it was at this version.')),
  at: queryTime('As it was then: at the newest version that was stored by that time.'),
};

export const AsOfQuery = Type.Object(asOfParameters, { additionalProperties: false });

export const DifferenceQuery = Type.Object(
  {
    from_version: { ...version('The earlier version.'), examples: [1] },
    to_version: Type.Optional(version('The later version; the newest if not given.')),
  },
  { additionalProperties: false },
);

const operation = Type.Object(
  {
    op: Type.Unsafe<string>({ type: 'string', enum: ['add', 'remove', 'replace'] }),
    path: Type.String({ description: 'A JSON Pointer (RFC 6901) into the state.' }),
  },
  { additionalProperties: true, description: 'value is there unless op is remove.' },
);

export const DifferenceAnswer = Type.Object({
  consultation_id: Type.String({ description: 'The consultation.' }),
  from_version: Type.Integer({ description: 'The earlier version.' }),
  to_version: Type.Integer({ description: 'The later version.' }),
  patch: Type.Array(operation, {
    description:
      'A JSON Patch (RFC 6902): applied to the state at from_version, it gives the one at to_version.',
  }),
  events: Type.Array(
    Type.Object({
      event_id: Type.String(),
      version: Type.Integer(),
      timestamp: Type.String({ format: 'date-time' }),
      event_type: Type.String(),
    }),
    { description: 'The events that did it, oldest first: those after from_version, up to to_version.' },
  ),
});

/** What a query asks for; nothing is asked for without a parameter. VALIDATION_FAILED for both at once. */
export function asOfIn({ at_version, at }: Static<typeof AsOfQuery>): { asOf?: AsOf } {
  if (at_version !== undefined && at !== undefined) {
    throw new CodedError('VALIDATION_FAILED', 'Ask for a version or for a time; errors says where.', {
      errors: [{ path: '/at', message: 'must be left out where at_version is given' }],
    });
  }
  if (at_version !== undefined) return { asOf: { version: at_version } };
  return at === undefined ? {} : { asOf: { timeMs: timeMsOf(at) } };
}
