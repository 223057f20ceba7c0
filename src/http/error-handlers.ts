/** Every way in which a request can fail ends here, as a problem document and, if it is our fault, a log line. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError, type ErrorCode } from '../domain/errors.js';
import type { Logger } from '../ops/logger.js';
import type { Metrics } from '../ops/metrics.js';
import { BODY_PROBLEMS } from './context.js';
import { codedError, problemAnswer } from './problem.js';
import { PROBLEMS } from './problems.js';
import { rawAnswer } from './raw-answer.js';

/** The refusals of storage: what `fi_persist_errors_total` counts. */
const PERSIST_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['STORAGE_FULL', 'LOG_UNAVAILABLE']);

/** Refusals that come a hundred thousand a second: what causes them has a line when it begins and when it ends. */
const MANY_AT_ONCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OVERLOADED',
  'STORE_UNREACHABLE',
  'OUTCOME_UNKNOWN',
]);

export interface ErrorHandlers {
  /** For `setErrorHandler` and `frameworkErrors`. */
  onError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  /** For `setNotFoundHandler`. */
  onNotFound: (request: FastifyRequest, reply: FastifyReply) => void;
}

export function errorHandlers(logger: Logger, metrics: Metrics): ErrorHandlers {
  function onError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const found = codedError(thrown);
    // What is wrong with a body does not matter where no route takes it.
    const error = request.is404 && BODY_PROBLEMS.includes(found.code) ? routeNotFound() : found;
    if (PERSIST_ERRORS.has(error.code)) metrics.countPersistError(error.code);
    logFailure(logger, error, request);
    const answer = problemAnswer(error, request.id);
    // Fastify asks for the connection to be closed after a body that was not parsed. Node reads what is left of
    // the body, within requestTimeout, so the connection stays good, and the client gets to see the answer
    // instead of a reset in the middle of what it sends.
    reply.removeHeader('connection');
    reply.code(answer.status).headers(answer.headers).send(answer.body);
  }

  return {
    onError,
    onNotFound: (request, reply) => onError(routeNotFound(), request, reply),
  };
}

function routeNotFound(): CodedError {
  return new CodedError('ROUTE_NOT_FOUND', 'There is no such route. GET /docs lists all there are.');
}

export function logFailure(logger: Logger, error: CodedError, req: FastifyRequest): void {
  const { status } = PROBLEMS[error.code];
  const line = { req, status, code: error.code };
  if (status === 500)
    logger.error(
      { ...line, err: error.code === 'INTERNAL_ERROR' ? (error.cause ?? error) : error },
      'request failed',
    );
  else if (status > 500 && !MANY_AT_ONCE.has(error.code)) logger.warn(line, 'request refused');
  else logger.debug(line, 'request refused');
}

/** Node's names for what can be wrong with a request before there is one. */
const CODES_OF_NODE: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

const SOCKET_DETAILS: { readonly [C in ErrorCode]?: string } = {
  HEADERS_TOO_LARGE: 'Send fewer or shorter headers.',
  REQUEST_TIMEOUT: 'The request was not complete in time. Send it again, faster.',
};

/** Requests that may take as long as their client goes on sending. */
const longRequests = new WeakSet<IncomingMessage>();

/** Takes the time limit of a whole request from one; its route has a limit of its own. */
export function allowLongRequest(request: IncomingMessage): void {
  longRequests.add(request);
}

/** Node keeps the first answer that is still to be sent on its socket. */
type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Answers what is no HTTP request, or not a whole one, on the bare socket; for `clientErrorHandler`. */
export function answerClientError(error: Error & { code?: string }, socket: HttpSocket): void {
  if (socket.destroyed) return;
  const due = socket._httpMessage;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && due && longRequests.has(due.req)) return;
  // A whole request waits for its answer, and what came after it is at fault: an answer to that one would be
  // taken for the answer to the first, which may well have been stored. Or an answer is on its way: another one
  // would garble it.
  const isTaken = due?.req.complete === true || due?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || isTaken) {
    socket.destroy();
    return;
  }
  const code = CODES_OF_NODE[error.code ?? ''] ?? 'BAD_REQUEST';
  const detail = SOCKET_DETAILS[code] ?? 'This is not a well-formed HTTP/1.1 request.';
  socket.end(rawAnswer(problemAnswer(new CodedError(code, detail))));
}
