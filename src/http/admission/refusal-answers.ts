/** The answer to a request that is refused before it is parsed: bytes that were made once, many at a time. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { CodedError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { headersOfAll } from '../hardened-response.js';
import { problemAnswer } from '../problem.js';

const { status, headers, body } = problemAnswer(
  new CodedError('OVERLOADED', 'More comes than can be stored. Send it again after Retry-After, and slower.'),
);
const BODY = Buffer.from(body);
const HEADERS = { ...headers, 'content-length': String(BODY.length) };
const HEADER_LINES = Object.entries({ ...headersOfAll(), ...HEADERS, connection: 'keep-alive' })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const ANSWER = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${HEADER_LINES}\r\n${body}`);
/** A first body, and whole answers after it. */
const ANSWERS = Buffer.concat([BODY, ...Array.from({ length: limits.refusalRunMax }, () => ANSWER)]);

/** The answers to up to `limits.refusalRunMax` requests, as the bytes of HTTP/1.1. */
export function refusals(count: number): Buffer {
  return ANSWERS.subarray(BODY.length, BODY.length + count * ANSWER.length);
}

/**
 * Answers a request, and as many more of the same connection that followed it and that Node was not shown.
 *
 * `response` is that of the first. The others' answers follow its body in the same write, so that Node, which
 * keeps the answers of a connection in order, keeps these in order as well.
 */
export function refuseRun(response: ServerResponse, count: number): void {
  response.sendDate = false;
  response.writeHead(status, HEADERS);
  response.end(ANSWERS.subarray(0, BODY.length + (count - 1) * ANSWER.length));
}
