/** The shapes of the list of consultations. */
import { ConsultationStateSchema } from '../domain/consultation-state.js';
import { limits } from '../domain/limits.js';
import { Type } from '../domain/schema.js';
import { queryTime } from './query-time.js';

const STATUSES = ['active', 'committed'] as const;
const URGENCIES = ['critical', 'high', 'medium', 'low'] as const;

export const ListQuery = Type.Object(
  {
    user_id: Type.Optional(
      Type.String({ minLength: 1, maxLength: limits.userIdCharsMax, description: 'Who started it.' }),
    ),
    status: Type.Optional(
      Type.Unsafe<(typeof STATUSES)[number]>({
        type: 'string',
        enum: STATUSES,
        description: 'committed is final.',
      }),
    ),
    urgency: Type.Optional(
      Type.Unsafe<(typeof URGENCIES)[number] | 'none'>({
        type: 'string',
        enum: [...URGENCIES, 'none'],
        description: 'As classified last; none: not classified, or reset since.',
      }),
    ),
    from: queryTime('Started then or later.'),
    to: queryTime('Started before.'),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.pageConsultationsMax,
        description: `How many; ${limits.pageConsultationsDefault} if not given.`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ description: 'next_cursor of the page before, which had the same filters.' }),
    ),
  },
  { additionalProperties: false },
);

const { consultation_id, status, created_at, updated_at, is_committed, version, event_count } =
  ConsultationStateSchema.properties;

export const ListAnswer = Type.Object({
  consultations: Type.Array(
    Type.Object({
      consultation_id,
      user_id: Type.String({ description: 'Who started it.' }),
      status,
      urgency: Type.Unsafe<(typeof URGENCIES)[number] | null>({
        enum: [...URGENCIES, null],
        description: 'As classified last, or null.',
      }),
      created_at,
      updated_at,
      version,
      event_count,
      is_committed,
    }),
    { description: 'Newest start first.' },
  ),
  returned_count: Type.Integer({ description: 'Consultations in this answer.' }),
  next_cursor: Type.Union([Type.String(), Type.Null()], {
    description: 'The cursor of the next page; null on the last one.',
  }),
});
