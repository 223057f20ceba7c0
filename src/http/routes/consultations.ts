/** Starting a consultation and reading it: its state and its note. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { CodedError, type ErrorCode } from '../../domain/errors.js';
import { SoapViewSchema, soapView } from '../../domain/soap.js';
import { isUuidV7 } from '../../domain/uuid.js';
import { AsOfQuery, asOfIn } from '../as-of.js';
import { isNotModified } from '../conditional-read.js';
import {
  BODY_PROBLEMS,
  CLINICAL_HEADERS,
  JSON_MEDIA_TYPE,
  type RouteModule,
  STORE_PROBLEMS,
} from '../context.js';
import { idempotencyKeyOf } from '../idempotency-key.js';
import { etagOf } from '../if-match.js';
import {
  ConsultationAnswer,
  ConsultationParams,
  CreateBody,
  CreatedAnswer,
  CreateHeaders,
  NoQuery,
  ReadHeaders,
} from '../schemas.js';
import { ingested, timesTotal } from '../timing.js';

/** An id that is no UUIDv7 at all is one that is not known. */
export function knownForm(id: string): string {
  if (isUuidV7(id)) return id;
  throw new CodedError(
    'CONSULTATION_NOT_FOUND',
    'There is no such consultation. Its id is the consultation_id that POST /consultations answered.',
  );
}

const READ_PROBLEMS: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'CONSULTATION_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'WRONG_EXPECTED_VERSION',
  'VALIDATION_FAILED',
  'OVERLOADED',
];

export const consultationRoutes: RouteModule = (plain, { store, timers }) => {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.post(
    '/consultations',
    {
      schema: {
        summary: 'Starts a consultation',
        tags: ['consultations'],
        querystring: NoQuery,
        headers: CreateHeaders,
        body: CreateBody,
        response: { 201: CreatedAnswer },
      },
      config: {
        access: 'create',
        problems: [
          ...BODY_PROBLEMS,
          'INVALID_IDEMPOTENCY_KEY',
          'IDEMPOTENCY_KEY_REUSED',
          'CONSULTATION_ALREADY_STARTED',
          ...STORE_PROBLEMS,
        ],
      },
      onResponse: timesTotal(timers),
    },
    async (request, reply) => {
      ingested(timers, request);
      const { user_id, patient_stub, consultation_id } = request.body;
      const idempotencyKey = idempotencyKeyOf(request);
      const created = await store.create({
        userId: user_id,
        source: 'api',
        ...(patient_stub !== undefined && { patientStub: patient_stub }),
        ...(consultation_id !== undefined && { consultationId: consultation_id }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      });
      reply.code(201).header('location', `/consultations/${created.consultationId}`);
      reply.header('etag', etagOf(created.event.version));
      if (created.replayed) reply.header('idempotency-replayed', 'true');
      return {
        consultation_id: created.consultationId,
        session_id: created.sessionId,
        created_at: new Date(created.createdMs).toISOString(),
        durability: created.durability,
      };
    },
  );

  app.get(
    '/consultations/:id',
    {
      schema: {
        summary: 'The state of a consultation',
        tags: ['consultations'],
        params: ConsultationParams,
        querystring: AsOfQuery,
        headers: ReadHeaders,
      },
      config: {
        access: 'read',
        answer: ConsultationAnswer,
        problems: READ_PROBLEMS,
      },
    },
    async (request, reply) => {
      const consultationId = knownForm(request.params.id);
      const { asOf } = asOfIn(request.query);
      if (await isNotModified(store, request, reply, { consultationId, asOf })) return reply.send();
      const { version, json } = await store.stateText(consultationId, asOf);
      reply.headers(CLINICAL_HEADERS).header('etag', etagOf(version)).type(JSON_MEDIA_TYPE);
      return reply.send(json);
    },
  );

  app.get(
    '/consultations/:id/soap',
    {
      schema: {
        summary: 'The SOAP note of a consultation, and whether it may be committed',
        tags: ['consultations'],
        params: ConsultationParams,
        querystring: AsOfQuery,
        headers: ReadHeaders,
      },
      config: {
        access: 'read',
        answer: SoapViewSchema,
        problems: READ_PROBLEMS,
      },
    },
    async (request, reply) => {
      const consultationId = knownForm(request.params.id);
      const { asOf } = asOfIn(request.query);
      if (await isNotModified(store, request, reply, { consultationId, asOf })) return reply.send();
      const state = await store.state(consultationId, asOf);
      reply.headers(CLINICAL_HEADERS).header('etag', etagOf(state.version)).type(JSON_MEDIA_TYPE);
      return reply.send(JSON.stringify(soapView(state)));
    },
  );
};
