/**
 * What every request passes before the framework sees it: refusals that need nothing but its head.
 *
 * They are here and not in a hook because they come first, cost every request, and hold for paths that are no
 * routes as well.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { hostCheck } from './allowed-hosts.js';
import { corsFor } from './cors.js';
import type { HardenedResponse } from './hardened-response.js';
import { sendProblem } from './raw-answer.js';

/** Who may ask, and whose pages may read the answers. */
export interface GateOptions {
  /** Names that the service may be asked for under, beside addresses and `localhost`. */
  allowedHosts?: readonly string[];
  /** Origins whose pages may read answers; none unless given. */
  corsOrigins?: readonly string[];
}

/** A listener that hands on what passes. */
export function gated(
  listener: RequestListener,
  { allowedHosts = [], corsOrigins = [] }: GateOptions,
): RequestListener {
  const isAllowedHost = hostCheck(allowedHosts);
  const answersPreflight = corsOrigins.length === 0 ? () => false : corsFor(corsOrigins);
  return (request, response) => {
    const refusal = refusalOf(request, isAllowedHost);
    if (refusal !== undefined) sendProblem(response, refusal);
    else if (!answersPreflight(request, response as HardenedResponse)) listener(request, response);
  };
}

/** For `checkExpectation`: the only expectation there is, `100-continue`, is Node's to fulfil. */
export const refuseExpectation: RequestListener = (_request, response) => {
  sendProblem(response, new CodedError('BAD_REQUEST', 'Send no Expect header other than 100-continue.'));
};

const SLASH = 0x2f;

function refusalOf(
  { url = '', headers, rawHeaders }: IncomingMessage,
  isAllowedHost: (host: string) => boolean,
): CodedError | undefined {
  if (url.length > limits.urlCharsMax) {
    return new CodedError('URL_TOO_LONG', `The URL has more than ${limits.urlCharsMax} characters.`);
  }
  // Names and values alternate. Node would drop the headers past its own limit silently.
  if (rawHeaders.length > 2 * limits.headersMax) {
    return new CodedError('HEADERS_TOO_LARGE', `Send no more than ${limits.headersMax} headers.`);
  }
  if (headers.host === undefined || countHosts(rawHeaders) !== 1) {
    return new CodedError('BAD_REQUEST', 'Send one Host header, such as "Host: 127.0.0.1:7001".');
  }
  const host = url.charCodeAt(0) === SLASH ? headers.host : hostOfTarget(url, headers.host);
  if (isAllowedHost(host)) return undefined;
  return new CodedError(
    'MISDIRECTED_REQUEST',
    'The service is not asked for under this name. Use its address, or have the name added to FI_ALLOWED_HOSTS.',
  );
}

/** Node takes the first of two Host headers; a proxy in front may have taken the other (RFC 9112, section 3.2). */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

/** A whole URL in the request line counts instead of the header (RFC 9112, section 3.2.2). */
function hostOfTarget(url: string, host: string): string {
  return URL.canParse(url) ? new URL(url).host : host;
}
