/** Problem documents (RFC 9457): how an error becomes an answer that shows nothing internal. */
import { CodedError, type ErrorCode, type FieldError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { PROBLEMS } from './problems.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** An answer, ready to be sent. */
export interface ProblemAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON text. */
  body: string;
}

const INTERNAL_DETAIL = 'The service failed in a way it did not foresee. Report it with the instance.';

/**
 * The answer to an error. `requestId` names the request in the log and becomes `instance`; a request that was
 * never read has none.
 *
 * The detail of an error that only a start or a bug can cause (status 500) may name files, so it is not shown.
 */
export function problemAnswer(error: CodedError, requestId?: string): ProblemAnswer {
  const { status, title, retryAfterSeconds, header, challenge } = PROBLEMS[error.code];
  const body = {
    // What an error adds must not hide what every problem has.
    ...error.extensions,
    type: problemType(error.code),
    title,
    status,
    code: error.code,
    detail: status === 500 ? INTERNAL_DETAIL : error.message,
    ...(requestId !== undefined && { instance: `urn:fi-consult:request:${requestId}` }),
    ...(error.errors !== undefined && {
      errors: error.errors.slice(0, limits.fieldErrorsMax).map(boundPath),
    }),
  };
  return {
    status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(header !== undefined && { [header.name]: String(error.extensions?.[header.member]) }),
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
    },
    body: JSON.stringify(body),
  };
}

/** The identity of a kind of problem: a URN, since no one address serves the documentation of every install. */
export function problemType(code: ErrorCode): string {
  return `urn:fi-consult:problem:${code}`;
}

/** A path holds names that the client chose. */
function boundPath({ path, message }: FieldError): FieldError {
  if (path.length <= limits.errorPathCharsMax) return { path, message };
  return { path: `${path.slice(0, limits.errorPathCharsMax)}…`, message };
}

const CODES_OF_FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BAD_REQUEST',
  FST_ERR_BAD_URL: 'BAD_REQUEST',
  // The only parameter of a path is the id of a consultation, and one this long is nobody's.
  FST_ERR_MAX_PARAM_LENGTH: 'CONSULTATION_NOT_FOUND',
};

const DETAILS: { readonly [C in ErrorCode]?: string } = {
  BODY_TOO_LARGE: `The body has more than ${limits.bodyBytesMax} bytes. Send less in one request.`,
  UNSUPPORTED_MEDIA_TYPE: 'Send the body as JSON in UTF-8, with Content-Type: application/json.',
  BAD_REQUEST: 'The request is not a well-formed HTTP request. Check its URL, headers and length.',
  CONSULTATION_NOT_FOUND: 'There is no such consultation.',
  INTERNAL_ERROR: INTERNAL_DETAIL,
};

/** Whatever was thrown, as an error with a code; its own words are kept only as `cause`, for the log. */
export function codedError(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const isClients = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  const known = typeof code === 'string' ? CODES_OF_FRAMEWORK[code] : undefined;
  const ours = known ?? (isClients ? 'BAD_REQUEST' : 'INTERNAL_ERROR');
  return new CodedError(ours, DETAILS[ours] ?? PROBLEMS[ours].title, { cause: thrown });
}
