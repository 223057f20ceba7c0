/** The table of docs/security.md, held against the routes that there are, and walked: every cell is tried. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { ROLES, type RouteAccess, type Scope, scopeOf } from '../../src/domain/access.js';
import type { GuardedRoute } from '../../src/http/access-guard.js';
import { message, type TestApp, testApp } from '../support/http-app.js';
import { as, trustingAuthenticator } from '../support/role-credentials.js';

const DOCUMENT = new URL('../../../docs/security.md', import.meta.url);
const WORDS: Readonly<Record<Scope, string>> = { all: 'all', own: 'own', none: 'no' };

/** The routes of the table: HEAD goes with GET, and the pages of the documentation are one. */
function tableRoutes({ app }: TestApp): GuardedRoute[] {
  const shown = app.accessGuard.routes.filter(
    ({ method, url, isHidden }) => !isHidden && method !== 'HEAD' && !url.startsWith('/docs/'),
  );
  return shown.sort((a, b) => compare(a.url, b.url) || compare(a.method, b.method));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function cells(access: RouteAccess): string[] {
  if (access === 'open') return ['open', ...ROLES.map(() => 'open')];
  return [access, ...ROLES.map((role) => WORDS[scopeOf(role, access)])];
}

function markdown(routes: readonly GuardedRoute[]): string {
  const rows = routes.map(
    ({ method, url, access }) => `| \`${method} ${url}\` | ${cells(access).join(' | ')} |`,
  );
  return [
    `| route | action | ${ROLES.join(' | ')} |`,
    `| --- | ---${' | ---'.repeat(ROLES.length)} |`,
    ...rows,
  ].join('\n');
}

/** Sends a request that the route would take, about a consultation, under a name. */
async function send(
  base: string,
  { method, url, access }: GuardedRoute,
  { id, userId, credentials = {} }: { id: string; userId: string; credentials?: Record<string, string> },
) {
  const query = access === 'list' ? `?user_id=${userId}` : '';
  const event = message('hello', { user_id: userId });
  const bodies: { readonly [A in RouteAccess]?: unknown } = {
    create: { user_id: userId },
    append: url.endsWith('/batch') ? [event] : event,
    'append-lines': event,
  };
  const body = bodies[access];
  const type = access === 'append-lines' ? 'application/x-ndjson' : 'application/json';
  const response = await fetch(base + url.replace(':id', id) + query, {
    method,
    ...(body !== undefined && { body: `${JSON.stringify(body)}\n` }),
    headers: { ...(body !== undefined && { 'content-type': type }), ...credentials },
  });
  const { status, headers } = response;
  const text = await response.text();
  const isProblem = headers.get('content-type')?.includes('problem');
  return { status, headers, code: isProblem ? (JSON.parse(text) as { code: string }).code : undefined };
}

/** A route may ask for more than is sent here; then it says so, and not who may not. */
const isAdmitted = (status: number): boolean => status < 500 && status !== 401 && status !== 403;

describe('the table of access', () => {
  it('is that of docs/security.md, with a row for every route', async (t) => {
    const table = markdown(tableRoutes(await testApp(t)));
    const document = await readFile(DOCUMENT, 'utf8');
    assert.ok(document.includes(table), `it has this table:\n${table}`);
  });

  it('holds in every cell', async (t) => {
    const test = await testApp(t, { authenticator: trustingAuthenticator, isAudited: true });
    const { app } = test;
    const start = async (userId: string): Promise<string> => {
      const answer = await test.post('/consultations', { user_id: userId }, as(userId, 'clinician'));
      return answer.json<{ consultation_id: string }>().consultation_id;
    };
    const ids = { own: await start('me'), other: await start('other') };
    const base = await app.listen({ host: '127.0.0.1', port: 0 });
    let tried = 0;
    for (const route of tableRoutes(test)) {
      for (const role of ROLES) {
        const credentials = as('me', role);
        const own = await send(base, route, { id: ids.own, userId: 'me', credentials });
        const other = await send(base, route, { id: ids.other, userId: 'other', credentials });
        const scope = route.access === 'open' ? 'all' : scopeOf(role, route.access);
        const cell = `${role}, ${route.method} ${route.url}`;
        if (scope === 'none') {
          assert.deepEqual([own.status, own.code], [403, 'ROLE_NOT_ALLOWED'], cell);
          assert.deepEqual([other.status, other.code], [403, 'ROLE_NOT_ALLOWED'], cell);
        } else {
          assert.ok(isAdmitted(own.status), `${cell}: ${own.status}`);
        }
        if (scope === 'own') {
          const code = route.url.includes(':id') ? 'CONSULTATION_NOT_YOURS' : 'USER_ID_NOT_YOURS';
          assert.deepEqual([other.status, other.code], [403, code], cell);
        }
        if (scope === 'all') assert.ok(isAdmitted(other.status), `${cell}: ${other.status}`);
        tried += 1;
      }
    }
    assert.ok(tried >= 11 * ROLES.length);
  });

  it('lets nobody in without credentials but to the open routes', async (t) => {
    const test = await testApp(t, { authenticator: trustingAuthenticator });
    const base = await test.app.listen({ host: '127.0.0.1', port: 0 });
    for (const route of tableRoutes(test)) {
      const id = '018f0000-0000-7000-8000-000000000000';
      const { status, headers, code } = await send(base, route, { id, userId: 'me' });
      if (route.access === 'open') {
        assert.ok(status < 400, route.url);
        continue;
      }
      const challenge = headers.get('www-authenticate');
      assert.deepEqual(
        [status, code, challenge],
        [401, 'CREDENTIALS_MISSING', 'Bearer realm="fi-consult"'],
        route.url,
      );
    }
  });

  it('has HEAD decided as GET is', async (t) => {
    const { app } = await testApp(t);
    const { routes } = app.accessGuard;
    for (const { url, access } of routes.filter(({ method }) => method === 'HEAD')) {
      const get = routes.find((route) => route.method === 'GET' && route.url === url);
      assert.ok(get === undefined || get.access === access, url);
    }
  });
});
