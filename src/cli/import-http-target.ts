/**
 * A running service as the target of an import, over its HTTP interface.
 *
 * Every request may be made again, since the service knows the ids: so a connection that breaks, a 503 and a
 * gateway that lost the service are retried, and any other refusal is final.
 */
import { CodedError, ERROR_CODES, type ErrorCode, type FieldError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/event.js';
import { limits } from '../domain/limits.js';
import { CommandError } from './command-error.js';
import { type HttpAnswer, type HttpClient, type HttpRequest, httpClient } from './http-client.js';
import type { ImportTarget } from './import-target.js';
import { type Attempt, type RetryOptions, withRetries } from './retry.js';

/** Gateways answer these when the service behind them is away for a moment. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** Reads the address of a service, such as `http://127.0.0.1:7001`; a CommandError says what is wrong with it. */
export function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CommandError('--url must be the address of a service, such as http://127.0.0.1:7001', 2);
  }
  return url;
}

/** A service that answered once; a CommandError when nothing that looks like one answers at the address. */
export async function httpTarget(
  url: URL,
  { credentials, ...options }: RetryOptions & { credentials?: string | undefined },
): Promise<ImportTarget> {
  const client = httpClient(url, limits.importRequestMs, credentials);
  await checkService(client, url).catch((error: unknown) => {
    client.close();
    throw error;
  });
  const send = (request: HttpRequest): Promise<HttpAnswer> =>
    withRetries(() => attempt(client, url, request), options);
  return {
    appendEventsMax: 1,
    async stored(consultationId, offset, limit) {
      const path = `/consultations/${consultationId}/events?offset=${offset}&limit=${limit}`;
      const answer = await send({ method: 'GET', path });
      const isNew = answer.status === 404 && answer.body?.code === 'CONSULTATION_NOT_FOUND';
      return isNew ? { eventCount: 0, eventIds: [] } : storedOf(accepted(answer, 200));
    },
    async create(userId, consultationId) {
      const request = { user_id: userId, consultation_id: consultationId };
      const answer = await send({ method: 'POST', path: '/consultations', body: request });
      const created = accepted(answer, 201);
      // A service that chose another id would get the same consultation at every import.
      if (created.consultation_id !== consultationId) throw notAService(url);
      return !isReplay(answer);
    },
    async append(userId, consultationId, events) {
      let wasWritten = false;
      for (const event of events) {
        const answer = await send({
          method: 'POST',
          path: `/consultations/${consultationId}/events`,
          body: {
            event_type: event.type,
            payload: event.payload,
            user_id: userId,
            ...(event.eventId !== undefined && { event_id: event.eventId }),
          },
        });
        accepted(answer, 201);
        wasWritten ||= !isReplay(answer);
      }
      return wasWritten;
    },
    close: async () => client.close(),
  };
}

/** Fails at once when nobody listens: waiting and trying again is for a service that was there. */
async function checkService(client: HttpClient, url: URL): Promise<void> {
  const answer = await client.send({ method: 'GET', path: '/health/live' }).catch((cause: unknown) => {
    throw new CommandError(
      `${url.origin} cannot be reached (${reasonOf(cause)}); is the service running?`,
      1,
      {
        cause,
      },
    );
  });
  if (answer.status !== 200) throw notAService(url);
}

async function attempt(client: HttpClient, url: URL, request: HttpRequest): Promise<Attempt<HttpAnswer>> {
  let answer: HttpAnswer;
  try {
    answer = await client.send(request);
  } catch (cause) {
    return { error: new CommandError(`${url.origin} no longer answers (${reasonOf(cause)})`, 1, { cause }) };
  }
  if (!RETRIED_STATUSES.has(answer.status)) return { value: answer };
  return { error: refusal(answer.status, answer.body), ...retryAfter(answer.headers['retry-after']) };
}

/** The wait that `Retry-After` asks for (RFC 9110, section 10.2.3): seconds, or the time to come back at. */
function retryAfter(text: string | undefined): { retryAfterMs?: number } {
  if (text === undefined) return {};
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.max(0, ms) };
}

/** The body of an answer with the status that was expected; any other is an error. */
function accepted({ status, body }: HttpAnswer, expected: number): JsonObject {
  if (status === expected && body !== null) return body;
  throw refusal(status, body);
}

/** The service's problem document (RFC 9457) as an error of ours. */
function refusal(status: number, problem: JsonObject | null): Error {
  const code = problem?.code;
  if (!isErrorCode(code))
    return new CommandError(`the service answered with status ${status} and no known code`);
  const detail = problem?.detail ?? problem?.title;
  const errors = problem?.errors;
  const options = Array.isArray(errors) ? { errors: errors.flatMap(fieldError) } : {};
  return new CodedError(code, typeof detail === 'string' ? detail : `status ${status}`, options);
}

const isErrorCode = (code: unknown): code is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(code);

function fieldError(value: Json): FieldError[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { path, message } = value;
  return typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : [];
}

function storedOf(page: JsonObject): { eventCount: number; eventIds: string[] } {
  const { event_count: eventCount, events } = page;
  if (typeof eventCount !== 'number' || !Array.isArray(events)) {
    throw new CommandError('the service answered with something else than a page of events');
  }
  return { eventCount, eventIds: events.map((event) => String((event as JsonObject | null)?.event_id)) };
}

const isReplay = ({ headers }: HttpAnswer): boolean => headers['idempotency-replayed'] === 'true';

const notAService = (url: URL): CommandError =>
  new CommandError(`${url.origin} is not a fi-consult service that can be imported into; check --url`);

/** ECONNREFUSED, ECONNRESET and the like. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
