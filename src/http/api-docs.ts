/** The OpenAPI 3.1 document, made from the schemas that the routes validate with, and its pages under /docs. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyContextConfig, FastifyInstance, FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import type { ErrorCode } from '../domain/errors.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
import { PROBLEMS } from './problems.js';
import { ProblemAnswer } from './schemas.js';

/** What any route that is not open may answer, unless FI_AUTH=off. */
const ACCESS_PROBLEMS: readonly ErrorCode[] = [
  'CREDENTIALS_MISSING',
  'CREDENTIALS_REFUSED',
  'ROLE_NOT_ALLOWED',
  'CONSULTATION_NOT_YOURS',
  'USER_ID_NOT_YOURS',
  'AUDIT_UNAVAILABLE',
];

/** Adds the document. It has the routes that are added after this. */
export async function serveApiDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'fi-consult',
        version,
        description:
          'Keeps what was said and decided in a medical consultation as events that are never changed. ' +
          'Errors are problem documents (RFC 9457) with a stable code.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key or a JSON Web Token, as FI_AUTH says; none with FI_AUTH=off.',
          },
        },
      },
      tags: [
        { name: 'consultations', description: 'Start and read consultations.' },
        { name: 'events', description: 'Append and read events.' },
        { name: 'operation', description: 'Health and figures.' },
      ],
    },
    transform: ({ schema, url, route }) => ({ schema: documented(schema, route.config), url }),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Everything comes from here, and no document is sent to a validator on the internet.
    uiConfig: { validatorUrl: null },
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
      "base-uri 'self'; frame-ancestors 'none'",
  });
}

/**
 * A route's schema with the answers that no serialiser is made for: those sent as text, and those of failures,
 * by status, from the table of problems.
 */
function documented(schema: FastifySchema | undefined, config: FastifyContextConfig = {}): FastifySchema {
  const { answer, answerTypes = [], problems = [], access = 'open' } = config;
  const byStatus = new Map<number, ErrorCode[]>();
  const refusals = access === 'open' ? [] : ACCESS_PROBLEMS;
  for (const code of [...problems, ...refusals, 'INTERNAL_ERROR' as const]) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const failures = [...byStatus].map(([status, codesOfStatus]) => [
    status,
    {
      description: codesOfStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemAnswer } },
    },
  ]);
  return {
    ...schema,
    ...(access !== 'open' && { security: [{ bearer: [] }] }),
    response: {
      ...(schema?.response as object | undefined),
      ...(answer !== undefined && { 200: answer }),
      ...(answerTypes.length > 0 && {
        200: { description: 'As is asked for.', content: contents(answer, answerTypes) },
      }),
      ...Object.fromEntries(failures),
    },
  };
}

/** The forms of an answer: the first by its schema, the others by their names. */
function contents(
  answer: TSchema | undefined,
  types: readonly string[],
): Record<string, { schema: TSchema }> {
  const others = types.map((type) => [type, { schema: { type: 'string' } }]);
  return {
    ...(answer !== undefined && { 'application/json': { schema: answer } }),
    ...Object.fromEntries(others),
  };
}
