/** The OpenAPI 3.1 document, made from the schemas that the routes validate with, and its pages under /docs. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyContextConfig, FastifyInstance, FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import type { ErrorCode } from '../domain/errors.js';
import {
  ANSWER_HEADERS,
  type AnswerHeader,
  OPERATIONS,
  type Operation,
  REQUEST_HEADERS,
  type RequestHeader,
} from './api-operations.js';
import { PROBLEM_MEDIA_TYPE, problemType } from './problem.js';
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
      servers: [{ url: '/', description: 'The service that this document comes from.' }],
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
    transform: ({ schema, url, route }) => ({
      schema: documented(schema, route.config, OPERATIONS[`${[route.method].flat()[0]} ${url}`]),
      url,
    }),
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
 * A route's schema with what no validator or serialiser is made of: its name, headers and examples, and the answers of
 * failures, by status, from the table of problems.
 */
function documented(
  schema: FastifySchema | undefined,
  config: FastifyContextConfig = {},
  operation: Operation | undefined,
): FastifySchema {
  const { access = 'open' } = config;
  if (operation === undefined) return { ...schema };
  const { operationId, requestHeaders = [], body, isConditional = false } = operation;
  const tag = headersOf(['ETag']);
  return {
    ...schema,
    operationId,
    // An empty list says that nobody is asked.
    security: access === 'open' ? [] : [{ bearer: [] }],
    ...(requestHeaders.length > 0 && { headers: withHeaders(schema?.headers, requestHeaders) }),
    ...(body !== undefined && { body: { content: textsOf(body) } }),
    response: {
      ...success(schema, config, operation),
      ...(isConditional && {
        304: { description: 'The client has this version.', type: 'null', headers: tag },
      }),
      ...failures(config),
    },
  };
}

/** The answer of success: by its schema as JSON, and by its name in other media types. */
function success(schema: FastifySchema | undefined, { answer }: FastifyContextConfig, operation: Operation) {
  const { examples, answerHeaders = [] } = operation;
  const [[status, own] = ['200', answer]] = Object.entries(
    (schema?.response ?? {}) as Record<string, TSchema>,
  );
  const content = examplesOf(examples, own);
  return {
    [status]: {
      description: Object.keys(content).length > 1 ? 'In the form that Accept asks for.' : 'It is done.',
      content,
      ...(answerHeaders.length > 0 && { headers: headersOf(answerHeaders) }),
    },
  };
}

/** Content by media type: JSON has a schema, if there is one; what is sent as text is a text. */
function examplesOf(examples: Readonly<Record<string, unknown>>, jsonSchema?: TSchema) {
  const contents = Object.entries(examples).map(([type, example]) => {
    const schema = typeof example === 'string' ? { type: 'string' } : (jsonSchema ?? { type: 'object' });
    return [type, { schema, example }];
  });
  return Object.fromEntries(contents) as Record<string, { schema: TSchema; example: unknown }>;
}

/** Bodies that are texts, whose examples the framework's document takes from their schemas. */
function textsOf(examples: Readonly<Record<string, string>>) {
  const contents = Object.entries(examples).map(([type, example]) => {
    return [type, { schema: { type: 'string', examples: [example] } }];
  });
  return Object.fromEntries(contents) as Record<string, object>;
}

function failures({ problems = [], access = 'open' }: FastifyContextConfig) {
  const byStatus = new Map<number, ErrorCode[]>();
  // Every route that is not open asks the store, which may be another process.
  const refusals: readonly ErrorCode[] = access === 'open' ? [] : [...ACCESS_PROBLEMS, 'STORE_UNREACHABLE'];
  for (const code of new Set<ErrorCode>([...problems, ...refusals, 'INTERNAL_ERROR'])) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answers = [...byStatus].map(([status, codes]) => {
    const headers: AnswerHeader[] = codes.some((code) => PROBLEMS[code].retryAfterSeconds !== undefined)
      ? ['Retry-After']
      : [];
    if (status === 401) headers.push('WWW-Authenticate');
    return [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemAnswer, example: problemExample(codes) } },
        ...(headers.length > 0 && { headers: headersOf(headers) }),
      },
    ];
  });
  return Object.fromEntries(answers) as Record<string, object>;
}

function problemExample([code]: readonly ErrorCode[]) {
  if (code === undefined) return {};
  const { title, status } = PROBLEMS[code];
  return { type: problemType(code), title, status, code, detail: `${title}.` };
}

function headersOf(names: readonly AnswerHeader[]) {
  return Object.fromEntries(
    names.map((name) => [name, { type: 'string', description: ANSWER_HEADERS[name] }]),
  );
}

function withHeaders(schema: unknown, names: readonly RequestHeader[]) {
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, object> };
  const more = names.map((name) => [name, { type: 'string', description: REQUEST_HEADERS[name] }]);
  return { type: 'object', properties: { ...properties, ...Object.fromEntries(more) } };
}
