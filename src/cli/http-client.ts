/**
 * JSON over HTTP to one service, on connections that are kept open.
 *
 * `node:http` and not fetch: an import makes a request an event, and fetch takes four times the processor time
 * for each, which the service on the same machine then lacks.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Json, JsonObject } from '../domain/event.js';

export interface HttpRequest {
  method: 'GET' | 'POST';
  /** After the address of the service, from its slash on. */
  path: string;
  body?: JsonObject;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** `null` when the body was no JSON object. */
  body: JsonObject | null;
}

export interface HttpClient {
  /**
   * Resolves with any answer; redirects are answers, since following one would carry clinical text to an address
   * that nobody named. Rejects when the connection fails, or after `timeoutMs` without a byte.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Lets go of the connections. */
  close(): void;
}

/** A client of the service at `base`, which may have a path. `credentials` are an API key or a token. */
export function httpClient(base: URL, timeoutMs: number, credentials?: string): HttpClient {
  const isSecure = base.protocol === 'https:';
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = isSecure ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/+$/, '');
  return {
    send: ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const sent = request(base, {
          agent,
          method,
          path: `${prefix}${path}`,
          timeout: timeoutMs,
          headers: {
            accept: 'application/json',
            ...(credentials !== undefined && { authorization: `Bearer ${credentials}` }),
            ...(content && { 'content-type': 'application/json', 'content-length': content.length }),
          },
        });
        sent.on('response', (response) => {
          const { statusCode: status = 0, headers } = response;
          text(response).then((answer) => resolve({ status, headers, body: jsonObject(answer) }), reject);
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer for ${timeoutMs} ms`)));
        sent.on('error', reject);
        sent.end(content);
      }),
    close: () => agent.destroy(),
  };
}

function jsonObject(content: string): JsonObject | null {
  try {
    const value: Json = JSON.parse(content);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
