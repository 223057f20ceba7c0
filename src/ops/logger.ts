/**
 * The service's log: JSON lines, one an occurrence, that cannot hold clinical data.
 *
 * Requests, answers and errors are reduced by serializers before they are written, so that a careless call
 * leaks nothing: of a request only its method, its route pattern (never the URL, which has ids and a query)
 * and its id; of an answer its status; of an error its type, code and stack frames. The text of an error is
 * written only if it is known to be ours or the operating system's, since others (a JSON parser's, a database's)
 * may quote what they choked on.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { CodedError } from '../domain/errors.js';
import type { LogLevel } from './settings-table.js';

export type { Logger } from 'pino';

/** Makes the logger. It writes to standard output unless another destination is given. */
export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { req: describeRequest, res: describeAnswer, err: describeError },
      hooks: {
        logMethod(args, method) {
          const [first, message] = args as [unknown, unknown];
          // Without a message pino would take the error's own.
          if (message === undefined && first instanceof Error) {
            return method.apply(this, [{ err: first }, 'error'] as never);
          }
          if (message === undefined && typeof first === 'object' && first !== null && 'err' in first) {
            return method.apply(this, [first, 'error'] as never);
          }
          return method.apply(this, args);
        },
      },
    },
    options.destination ?? process.stdout,
  );
}

interface LoggedRequest {
  id?: unknown;
  method?: unknown;
  routeOptions?: { url?: unknown };
}

function describeRequest(request: LoggedRequest): Record<string, unknown> {
  return { id: request.id, method: request.method, route: request.routeOptions?.url };
}

function describeAnswer(answer: { statusCode?: unknown }): Record<string, unknown> {
  return { status: answer.statusCode };
}

/** What is safe to write of an error, its causes included, five deep at the most. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, syscall } = error as NodeJS.ErrnoException;
  const isOurs = error instanceof CodedError || error.message.startsWith('assertion failed: ');
  return {
    type: error.name,
    code,
    message: isOurs || syscall !== undefined ? error.message : undefined,
    frames: framesOf(error),
    cause: error.cause === undefined || depth === 4 ? undefined : describeError(error.cause, depth + 1),
  };
}

/** The lines of the stack that name places; the first ones repeat the message. */
function framesOf(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim());
}
