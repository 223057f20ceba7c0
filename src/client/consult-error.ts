/** What the client throws: the problem document that the service answered, or why there was no answer. */
import type { ErrorCode, JsonObject } from './types.js';

/**
 * NETWORK_FAILED: no answer, or not the whole one. TIMED_OUT: not in time. BAD_ANSWER: an answer that is not the
 * service's, such as a proxy's page.
 */
export type ClientErrorCode = 'NETWORK_FAILED' | 'TIMED_OUT' | 'BAD_ANSWER';

export class ConsultError extends Error {
  override readonly name = 'ConsultError';

  constructor(
    /** What a program decides by. */
    readonly code: ErrorCode | ClientErrorCode,
    /** The HTTP status; 0 if there was no answer. */
    readonly status: number,
    message: string,
    /** The whole problem document (RFC 9457), with members such as `version`; empty if there was none. */
    readonly problem: JsonObject = {},
    /** After how many seconds to try again, if the service said so. */
    readonly retryAfterSeconds?: number,
    options?: { cause: unknown },
  ) {
    super(message, options);
  }

  /** The fields at fault, each by its JSON Pointer (RFC 6901). */
  get errors(): readonly { path: string; message: string }[] {
    return Array.isArray(this.problem.errors)
      ? (this.problem.errors as { path: string; message: string }[])
      : [];
  }

  /** Whether the same request may well succeed later: 408, 429, 502 to 504, and no answer at all. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.status);
  }
}

const TRANSIENT: ReadonlySet<number> = new Set([0, 408, 429, 502, 503, 504]);

/** The error in a problem document, be it an answer or a part of a stream. */
export function problemError(problem: JsonObject, retryAfterSeconds?: number): ConsultError {
  const { code, status, detail } = problem as { code: ErrorCode; status: number; detail: string };
  return new ConsultError(code, status, detail, problem, retryAfterSeconds);
}

/** The error of an answer that is not 200-class. */
export async function answerError(response: Response): Promise<ConsultError> {
  const { status, headers } = response;
  const text = await response.text();
  const retryAfterSeconds = secondsOf(headers.get('retry-after'));
  if (headers.get('content-type')?.startsWith('application/problem+json')) {
    return problemError(JSON.parse(text) as JsonObject, retryAfterSeconds);
  }
  const message = `The answer ${status} is not one of the service's.`;
  return new ConsultError('BAD_ANSWER', status, message, {}, retryAfterSeconds);
}

/** Retry-After is in seconds, or a date that a proxy put there (RFC 9110, section 10.2.3). */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
