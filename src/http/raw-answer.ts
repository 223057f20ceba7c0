/** Problem documents sent without the framework: on Node's own answer, or on the bare socket. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { CodedError } from '../domain/errors.js';
import { headersOfAll } from './hardened-response.js';
import { type ProblemAnswer, problemAnswer } from './problem.js';

/** Answers a request that the framework does not get to see. What is left of its body is read and dropped. */
export function sendProblem(
  response: ServerResponse,
  error: CodedError,
  moreHeaders: Record<string, string> = {},
): void {
  const { status, headers, body } = problemAnswer(error);
  response.writeHead(status, { ...headers, ...moreHeaders, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** An answer as the bytes of HTTP/1.1, after which the connection is closed. */
export function rawAnswer({ status, headers, body }: ProblemAnswer): string {
  const fields = {
    ...headersOfAll(),
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
