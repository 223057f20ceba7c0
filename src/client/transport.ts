/** One request and its answer: credentials, time limits, and trying again what is safe to try again. */
import { answerError, ConsultError } from './consult-error.js';
import { Deadline } from './deadline.js';
import { backoffMs, pause } from './pause.js';

export interface ClientOptions {
  /** Where the service is, such as `http://127.0.0.1:7001`. */
  baseUrl: string;
  /** An API key or a JSON Web Token, or what gives the current one. */
  token?: string | (() => string | Promise<string>);
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** How often a request is tried again that found no answer or a busy service; 7 unless given, some 12 seconds. */
  retries?: number;
  /** How long one try may take; 30,000 unless given. */
  timeoutMs?: number;
}

/** What can be said for every call. */
export interface CallOptions {
  /** Aborting it ends the call with the signal's reason. */
  signal?: AbortSignal;
}

export interface RequestOptions extends CallOptions {
  method?: 'GET' | 'POST';
  query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  /** Those that are undefined are left out. */
  headers?: Readonly<Record<string, string | undefined>>;
  body?: string;
}
export type QueryValue = string | number | undefined;

/** Whoever waits longer than this had better decide anew. */
const RETRY_AFTER_SECONDS_MAX = 60;

export class Transport {
  readonly retries: number;
  readonly timeoutMs: number;
  readonly #base: string;
  readonly #token: () => string | undefined | Promise<string>;
  readonly #fetch: typeof fetch;

  constructor({ baseUrl, token, fetch: ownFetch, retries = 7, timeoutMs = 30_000 }: ClientOptions) {
    // Throws for what is no URL, which no retry would mend.
    this.#base = new URL(baseUrl).href.replace(/\/+$/, '');
    this.#token = typeof token === 'function' ? token : () => token;
    // Called as a function, since the one of browsers is bound to their window.
    this.#fetch = (input, init) => (ownFetch ?? fetch)(input, init);
    this.retries = retries;
    this.timeoutMs = timeoutMs;
  }

  /** One try: a response whose head has come, and that is not an error. `signal` also ends the reading of its body. */
  async open(
    path: string,
    { method = 'GET', query, headers, body, signal }: RequestOptions,
  ): Promise<Response> {
    const token = await this.#token();
    const sent = new Headers();
    for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) sent.set(name, value);
    if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
    const response = await this.#fetch(this.#base + path + queryText(query), {
      method,
      headers: sent,
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    if (response.ok || response.status === 304) return response;
    throw await answerError(response);
  }

  /**
   * Sends a request and gives its answer, parsed; `undefined` for 304. It must be safe to send again: a read, or a
   * write with a key.
   */
  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      const deadline = new Deadline(options.signal);
      try {
        return await deadline.within(this.timeoutMs, async () => {
          const response = await this.open(path, { ...options, signal: deadline.signal });
          return response.status === 304 ? (undefined as T) : ((await response.json()) as T);
        });
      } catch (error) {
        await this.beforeRetry(error, failures, options.signal);
      } finally {
        deadline.close();
      }
    }
  }

  /** Waits as long as it takes before the next try; throws the error when there should be none. */
  async beforeRetry(error: unknown, failures: number, signal?: AbortSignal): Promise<void> {
    const known = knownError(error, signal);
    const { isTransient, retryAfterSeconds = 0 } = known;
    if (!isTransient || failures > this.retries || retryAfterSeconds > RETRY_AFTER_SECONDS_MAX) throw known;
    await pause(backoffMs(failures, retryAfterSeconds * 1000), signal);
  }
}

/** Whatever ended a try, as one of our errors. Throws the reason of the caller's own signal. */
export function knownError(error: unknown, signal?: AbortSignal): ConsultError {
  if (signal?.aborted) throw signal.reason;
  if (error instanceof ConsultError) return error;
  const message = 'The service could not be reached, or its answer was cut short.';
  return new ConsultError('NETWORK_FAILED', 0, message, {}, undefined, { cause: error });
}

function queryText(query: RequestOptions['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) if (value !== undefined) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
