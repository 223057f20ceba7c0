/** Appending any number of events over one request: NDJSON in, NDJSON out. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { CodedError, type ErrorCode } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { Logger } from '../../ops/logger.js';
import { checkWriter } from '../access.js';
import { appendLines } from '../append-lines.js';
import { BODY_PROBLEMS, CLINICAL_HEADERS, type RouteModule, STORE_PROBLEMS } from '../context.js';
import { allowLongRequest, logFailure } from '../error-handlers.js';
import { eventLines } from '../event-lines.js';
import { refuseIdempotencyKey } from '../idempotency-key.js';
import { expectedVersionOf } from '../if-match.js';
import { codedError, problemAnswer } from '../problem.js';
import { AppendBody, type AppendBodyType, ConsultationParams, NoQuery, StreamHeaders } from '../schemas.js';
import { eventValidator } from '../validation.js';
import { knownForm } from './consultations.js';

export const NDJSON_MEDIA_TYPE = 'application/x-ndjson';
/** Answers that wait for the client to read them, before its lines are held back. */
const ANSWER_BYTES = 256 * 1024;

const NOT_NDJSON = `Send the events as lines of JSON, with Content-Type: ${NDJSON_MEDIA_TYPE}.`;

const STREAM_PROBLEMS: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'INVALID_IDEMPOTENCY_KEY',
  'REQUEST_TIMEOUT',
  'UNKNOWN_EVENT_TYPE',
  'UNKNOWN_MESSAGE',
  'COMMIT_HASH_MISMATCH',
  'EVENT_ID_REUSED',
  'CONSULTATION_NOT_FOUND',
  'CONSULTATION_ALREADY_STARTED',
  'CONSULTATION_COMMITTED',
  'WRONG_EXPECTED_VERSION',
];

export const streamRoute: RouteModule = (plain, { store, logger }) => {
  const validate = eventValidator(AppendBody);
  // In a scope of its own, because everywhere else a body is JSON.
  plain.register(async (scope) => {
    const app = scope.withTypeProvider<TypeBoxTypeProvider>();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(NDJSON_MEDIA_TYPE, ({ headers }, body, done) =>
      done(compressionFault(headers), body),
    );

    app.post(
      '/consultations/:id/events/stream',
      {
        schema: {
          summary: 'Appends the events of an NDJSON stream of any length',
          description:
            'Each line is the body of one append. Answers NDJSON, a line for each event, as they become durable; ' +
            'with Prefer: return=minimal a line for each group of events that became durable together. ' +
            'The first line that is refused ends the stream: the last line of the answer is its problem document, ' +
            'with its number as `line`; all before it is stored, nothing after it is.',
          tags: ['events'],
          params: ConsultationParams,
          querystring: NoQuery,
          headers: StreamHeaders,
        },
        config: {
          access: 'append-lines',
          problems: [...BODY_PROBLEMS, ...STREAM_PROBLEMS, ...STORE_PROBLEMS],
        },
      },
      async (request, reply) => {
        refuseIdempotencyKey(request);
        const body: unknown = request.body;
        // Without a body Fastify asks nobody for its type.
        if (!(body instanceof Readable)) throw new CodedError('UNSUPPORTED_MEDIA_TYPE', NOT_NDJSON);
        const expectedVersion = expectedVersionOf(request.headers['if-match']);
        const isMinimal = prefersMinimal(request);
        const answers = appendLines(
          store,
          {
            consultationId: knownForm(request.params.id),
            isMinimal,
            ...(expectedVersion !== undefined && { expectedVersion }),
          },
          eventLines(body, (line) => {
            const fault = validate(line);
            if (fault === undefined) checkWriter(request, (line as unknown as AppendBodyType).user_id);
            return fault;
          }),
        );
        allowLongRequest(request.raw);
        request.raw.setTimeout(limits.streamIdleMs, () => body.destroy(stalled()));
        // Until something is stored a refusal has its own status.
        const first = await answers.next().catch((error: unknown) => {
          passOver(request.raw);
          throw error;
        });
        reply.headers(CLINICAL_HEADERS).type(NDJSON_MEDIA_TYPE);
        if (isMinimal) reply.header('preference-applied', 'return=minimal');
        const lines = withRefusal(first, answers, request, logger);
        return reply.send(Readable.from(lines, { objectMode: false, highWaterMark: ANSWER_BYTES }));
      },
    );
  });
};

/** The answers, and as their last line the refusal that ended them. */
async function* withRefusal(
  first: IteratorResult<string, unknown>,
  answers: AsyncGenerator<string>,
  request: FastifyRequest,
  logger: Logger,
): AsyncGenerator<string> {
  try {
    if (!first.done) yield first.value;
    yield* answers;
  } catch (thrown) {
    const error = codedError(thrown);
    logFailure(logger, error, request);
    yield `${problemAnswer(error, request.id).body}\n`;
    passOver(request.raw);
  }
}

/**
 * After a refusal: the client may go on sending for a while before it reads it. That is read and dropped, since the next
 * request of the connection stands behind it; past the time for that, the connection is closed.
 */
function passOver(request: IncomingMessage): void {
  // Who reads the lines may still wait for the next one, and as long as he does nothing flows by itself.
  request.removeAllListeners('readable');
  request.resume();
  setTimeout(() => {
    if (!request.complete) request.destroy();
  }, limits.streamLingerMs).unref();
}

/** How much a stream would unpack to is bounded by nothing: it is read as it is. */
function compressionFault({
  'content-encoding': encoding = 'identity',
}: IncomingHttpHeaders): CodedError | null {
  if (encoding === 'identity') return null;
  return new CodedError('UNSUPPORTED_CONTENT_CODING', 'Send a stream of events as it is, not compressed.', {
    extensions: { accepted_codings: 'identity' },
  });
}

/** RFC 7240. */
function prefersMinimal({ headers }: FastifyRequest): boolean {
  return /(^|[,;\s])return=minimal($|[,;\s])/.test(String(headers.prefer ?? ''));
}

function stalled(): CodedError {
  return new CodedError(
    'REQUEST_TIMEOUT',
    `Nothing was sent or read for ${limits.streamIdleMs / 1000} seconds. Send what is left in a new request.`,
  );
}
