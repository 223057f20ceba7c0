/** What every answer has to be, whatever was asked: documented, protected, and silent about the inside. */
import { PROBLEMS } from '../../src/http/problems.js';
import type { Route } from './api-document.js';
import type { Answer } from './http-client.js';
import { SECRET } from './schema-values.js';

/** Failures that any request may meet before it has a route. */
const OF_ANY_REQUEST = [
  'BAD_REQUEST',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'URL_TOO_LONG',
  'MISDIRECTED_REQUEST',
  'HEADERS_TOO_LARGE',
] as const;

const PROTECTION = [
  'cache-control',
  'content-security-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'x-content-type-options',
] as const;

/** Words that only the inside of the service has. */
const INTERNALS =
  /\bat \S+ \(|\bat (async )?file:|node_modules|node:internal|(Type|Reference|Range|Syntax|Assertion)Error|assertion failed|FST_ERR|\bERR_[A-Z]|\bHPE_|ENOENT|\[object Object\]|root:x:|devDependencies|"polluted"/;

export interface AnswerCheck {
  /** What is wrong with an answer; nothing if it is as it must be. `route` is the one that was asked, if any is known. */
  faults(answer: Answer, route: Route | undefined): string[];
}

/** `paths` are places on this machine that no answer may name. */
export function answerCheck(routes: readonly Route[], paths: readonly string[]): AnswerCheck {
  const general = OF_ANY_REQUEST.map((code) => `${PROBLEMS[code].status} ${code}`);
  const allowedFor = new Map<Route | undefined, Set<string>>(
    routes.map((route) => [route, new Set([...general, ...route.failures])]),
  );
  allowedFor.set(undefined, new Set([...general, ...routes.flatMap(({ failures }) => [...failures])]));

  return {
    faults(answer, route) {
      const found: string[] = [];
      for (const name of PROTECTION) {
        const count = answer.rawHeaders.filter(
          (text, index) => index % 2 === 0 && text.toLowerCase() === name,
        ).length;
        if (count !== 1) found.push(`the header ${name} is there ${count} times`);
      }
      if (answer.headers['access-control-allow-origin'] !== undefined) found.push('it allows another origin');
      if (paths.some((path) => answer.text.includes(path))) found.push('it names a path of this machine');
      if (answer.status >= 400) found.push(...problemFaults(answer, allowedFor.get(route) ?? new Set()));
      return found;
    },
  };
}

function problemFaults(answer: Answer, allowed: ReadonlySet<string>): string[] {
  const { status, headers, text } = answer;
  const found = status === 500 ? ['it is a failure that was not foreseen'] : [];
  // The answer to HEAD has no body.
  if (text === '') return headers['content-length'] === '0' ? [...found, 'it has no body'] : found;
  if (INTERNALS.test(text)) found.push('it shows the inside');
  if (text.includes(SECRET)) found.push('it repeats what was sent');
  if (!headers['content-type']?.startsWith('application/problem+json'))
    found.push('it is no problem document');
  const problem = parsed(text);
  if (problem === undefined) return [...found, 'it is no JSON'];
  if (problem.status !== status) found.push(`its status is ${problem.status} inside`);
  if (!allowed.has(`${status} ${problem.code}`)) found.push(`${status} ${problem.code} is not documented`);
  if (status === 503 && headers['retry-after'] === undefined) found.push('it has no Retry-After');
  return found;
}

function parsed(text: string): { status?: unknown; code?: unknown } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
