/** Who accessed what: the audit trail, in pages or as a whole. */
import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ACTIONS, ROLES } from '../../domain/access.js';
import type { AuditQuery } from '../../domain/access-entry.js';
import { limits } from '../../domain/limits.js';
import { Type } from '../../domain/schema.js';
import { UUID_V7_PATTERN } from '../../domain/uuid.js';
import type { EventStore } from '../../store/event-store.js';
import { acceptedType } from '../accept.js';
import { CLINICAL_HEADERS, JSON_MEDIA_TYPE, type RouteModule } from '../context.js';
import { queryTime, timeMsOf } from '../query-time.js';

const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

const outcome = () => Type.Unsafe<'granted' | 'denied'>({ type: 'string', enum: ['granted', 'denied'] });
const textOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], description });

const AuditQueryString = Type.Object(
  {
    consultation_id: Type.Optional(
      Type.String({ pattern: UUID_V7_PATTERN, description: 'Access to this consultation only.' }),
    ),
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: limits.userIdCharsMax,
        description: 'Access by this one only.',
      }),
    ),
    outcome: Type.Optional(outcome()),
    from: queryTime('Access at this time or later.'),
    to: queryTime('Access at this time or earlier.'),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.auditPageMax,
        description: `How many entries; ${limits.auditPageDefault} if not given. Not with NDJSON, which has all.`,
      }),
    ),
    cursor: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Where to go on: the next_cursor of the page before, or any number of an entry.',
      }),
    ),
  },
  { additionalProperties: false },
);

const AuditEntry = Type.Object({
  number: Type.Integer({ minimum: 1, description: 'Its place in the trail.' }),
  from: Type.String({ format: 'date-time', description: 'The first access that the entry stands for.' }),
  until: Type.String({ format: 'date-time', description: 'The last one.' }),
  count: Type.Integer({ minimum: 1, description: 'How many there were.' }),
  subject: textOrNull('Who it was; null if the credentials did not say.'),
  role: Type.Unsafe<string | null>({ enum: [...ROLES, null] }),
  credential: textOrNull('key: and the id of the key, or jwt.'),
  address: textOrNull('Where it came from, if there is no subject.'),
  action: Type.Unsafe<string>({ type: 'string', enum: ACTIONS }),
  consultation_id: textOrNull('The consultation, if there is one.'),
  outcome: outcome(),
  code: textOrNull('Why it was denied.'),
});

const AuditAnswer = Type.Object({
  returned_count: Type.Integer({ description: 'Entries in this answer.' }),
  entries: Type.Array(AuditEntry, { description: 'Oldest first.' }),
  next_cursor: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'Where to go on, also after a page without entries; null at the end.',
  }),
});

export const auditRoute: RouteModule = (plain, { store }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/audit',
    {
      schema: {
        summary: 'Who accessed what, oldest first',
        description: 'As NDJSON, for Accept: application/x-ndjson, all that is asked for.',
        tags: ['operation'],
        querystring: AuditQueryString,
      },
      config: { access: 'audit', answer: AuditAnswer, problems: ['VALIDATION_FAILED', 'NOT_ACCEPTABLE'] },
    },
    async (request, reply) => {
      const { consultation_id: consultationId, subject, outcome, from, to, limit, cursor } = request.query;
      const query: AuditQuery = {
        ...(consultationId !== undefined && { consultationId }),
        ...(subject !== undefined && { subject }),
        ...(outcome !== undefined && { outcome }),
        ...(from !== undefined && { fromMs: timeMsOf(from) }),
        ...(to !== undefined && { toMs: timeMsOf(to) }),
        fromNumber: cursor ?? 1,
        limit: limit ?? limits.auditPageDefault,
      };
      reply.headers(CLINICAL_HEADERS).header('vary', 'accept');
      if (acceptedType(request.headers, ['application/json', NDJSON_MEDIA_TYPE]) === NDJSON_MEDIA_TYPE) {
        const whole = { ...query, limit: limits.auditPageMax };
        return reply.type(NDJSON_MEDIA_TYPE).send(Readable.from(lines(store, whole)));
      }
      const { entriesJson, nextNumber } = await store.audit(query);
      return reply
        .type(JSON_MEDIA_TYPE)
        .send(
          `{"returned_count":${entriesJson.length},"entries":[${entriesJson.join(',')}],` +
            `"next_cursor":${nextNumber ?? null}}`,
        );
    },
  );
};

async function* lines(store: EventStore, query: AuditQuery): AsyncGenerator<string> {
  for (let fromNumber: number | undefined = query.fromNumber; fromNumber !== undefined; ) {
    const { entriesJson, nextNumber } = await store.audit({ ...query, fromNumber });
    for (const entry of entriesJson) yield `${entry}\n`;
    fromNumber = nextNumber;
  }
}
