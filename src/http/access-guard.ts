/**
 * Decides each request: who sends it, whether the role goes as far as the route, and whether the consultation or the
 * `user_id` is the sender's own. Each decision is recorded.
 *
 * The hooks are synchronous as long as the credentials and the owner of the consultation are known from an earlier
 * request.
 */
import type {
  FastifyRequest,
  onRequestHookHandler,
  onResponseHookHandler,
  preHandlerHookHandler,
} from 'fastify';
import {
  type Action,
  type Authenticator,
  type Principal,
  type RouteAccess,
  scopeOf,
} from '../domain/access.js';
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { isUuidV7 } from '../domain/uuid.js';
import { LruMap } from '../ops/lru-map.js';
import type { EventStore } from '../store/event-store.js';
import type { AccessRecorder } from './access-recorder.js';
import { codedError } from './problem.js';

export interface AccessGuardParts {
  store: Pick<EventStore, 'owner'>;
  /** None with FI_AUTH=off. */
  authenticator?: Authenticator | undefined;
  /** None if access is not recorded. */
  recorder?: AccessRecorder | undefined;
}

export interface AccessHooks {
  onRequest: onRequestHookHandler;
  preHandler?: preHandlerHookHandler;
  onResponse?: onResponseHookHandler;
}

/** A route as it was added to the application. */
export interface GuardedRoute {
  method: string;
  url: string;
  access: RouteAccess;
  /** Whether the documentation leaves it out. */
  isHidden: boolean;
}

/** What one route's hooks decide by. */
interface Route {
  action: Action;
  /** Whether the path names a consultation. */
  hasId: boolean;
}

/** Why a request is refused, if it is. */
type Fault = Error | undefined;

const WRITES: ReadonlySet<Action> = new Set<Action>(['create', 'append', 'append-lines']);
const OF_ONE_CONSULTATION: ReadonlySet<Action> = new Set<Action>([
  'append',
  'append-lines',
  'read',
  'verify',
]);

export class AccessGuard {
  /** Every route of the application, as it was added. */
  readonly routes: GuardedRoute[] = [];
  /** Who started a consultation never changes. */
  readonly #owners = new LruMap<string, string>(limits.cachedOwnersMax);

  constructor(private readonly parts: AccessGuardParts) {}

  /** The hooks of a route that does `action`. */
  hooks(action: Action, url: string): AccessHooks {
    const route: Route = { action, hasId: url.includes('/:id') };
    assert(route.hasId || !OF_ONE_CONSULTATION.has(action), `${url} names the consultation that it is about`);
    const onRequest: onRequestHookHandler = (request, _reply, done) => {
      const fault = this.#fault(request, route);
      if (fault instanceof Promise) fault.then((late) => done(this.#entered(request, route, late)), done);
      else done(this.#entered(request, route, fault));
    };
    if (!WRITES.has(action)) return { onRequest };
    const preHandler: preHandlerHookHandler = (request, _reply, done) => {
      done(this.#written(request, route, this.#writerFault(request, route)));
    };
    if (action !== 'create') return { onRequest, preHandler };
    // The id of a new consultation is known once it was started.
    const onResponse: onResponseHookHandler = (request, reply, done) => {
      const id = String(reply.getHeader('location') ?? '')
        .split('/')
        .at(-1);
      if (reply.statusCode < 400) this.parts.recorder?.record(request.principal, action, id);
      done();
    };
    return { onRequest, preHandler, onResponse };
  }

  /** USER_ID_NOT_YOURS unless the sender may write as `userId`. */
  checkWriter(request: FastifyRequest, userId: unknown): void {
    const { principal } = request;
    if (principal === undefined || userId === principal.subject) return;
    const action = request.routeOptions.config.access as Action;
    if (scopeOf(principal.role, action) === 'all') return;
    const error = notYourUserId(principal);
    this.parts.recorder?.record(principal, action, consultationOf(request), error.code);
    throw error;
  }

  /** Why a request is refused before its body is read. A promise only if something has to be waited for. */
  #fault(request: FastifyRequest, route: Route): Fault | Promise<Fault> {
    const { authenticator } = this.parts;
    if (authenticator === undefined) return undefined;
    let principal: Principal | Promise<Principal>;
    try {
      principal = authenticator.authenticate(request.headers.authorization);
    } catch (error) {
      return error as Error;
    }
    if (!(principal instanceof Promise)) return this.#faultOf(principal, request, route);
    return principal.then(
      (late) => this.#faultOf(late, request, route),
      (error: Error) => error,
    );
  }

  #faultOf(principal: Principal, request: FastifyRequest, { action, hasId }: Route): Fault | Promise<Fault> {
    request.principal = principal;
    const scope = scopeOf(principal.role, action);
    if (scope === 'all') return undefined;
    if (scope === 'none') return roleNotAllowed(principal);
    if (hasId) return this.#ownerFault(principal, (request.params as { id: string }).id);
    const isOwnList = (request.query as { user_id?: unknown }).user_id === principal.subject;
    return action === 'list' && !isOwnList ? notYourList(principal) : undefined;
  }

  #ownerFault({ subject }: Principal, id: string): Fault | Promise<Fault> {
    const known = this.#owners.get(id);
    if (known !== undefined) return known === subject ? undefined : notYours();
    return this.parts.store.owner(id).then((owner) => {
      // To let it pass, and the route say so, would leave a moment for somebody else to start it.
      if (owner === undefined) return notFound();
      this.#owners.set(id, owner);
      return owner === subject ? undefined : notYours();
    });
  }

  /** Whether everything in a body is written under a name that the sender may use. */
  #writerFault({ principal, body }: FastifyRequest, { action }: Route): Fault {
    if (principal === undefined || action === 'append-lines') return undefined;
    if (scopeOf(principal.role, action) === 'all' || isWrittenBy(principal.subject, body)) return undefined;
    return notYourUserId(principal);
  }

  /** Records the decision on a request, but the admission of one that writes: its body is still to be looked at. */
  #entered(request: FastifyRequest, route: Route, fault: Fault): Fault {
    if (fault === undefined && (WRITES.has(route.action) || route.action === 'metrics')) return undefined;
    return this.#recorded(request, route, fault);
  }

  /** The same once the body was looked at. What starts a consultation is recorded when its id is known. */
  #written(request: FastifyRequest, route: Route, fault: Fault): Fault {
    if (fault !== undefined || route.action !== 'create') return this.#recorded(request, route, fault);
    return (this.parts.recorder?.hasRoom ?? true) ? undefined : trailUnavailable();
  }

  /** What cannot be recorded is not answered. */
  #recorded(request: FastifyRequest, { action, hasId }: Route, fault: Fault): Fault {
    const { recorder, authenticator } = this.parts;
    if (recorder === undefined) return fault;
    const { principal } = request;
    const code = fault && codedError(fault).code;
    // Of a stranger the address is all there is, and what he asks for is his own text.
    const isStranger = principal === undefined && authenticator !== undefined;
    const id = hasId && !isStranger ? consultationOf(request) : undefined;
    const isTaken = recorder.record(principal, action, id, code, isStranger ? request.ip : undefined);
    return isTaken ? fault : trailUnavailable();
  }
}

/** The consultation that a path names, if it can be one at all: what else stands there is the client's own text. */
function consultationOf(request: FastifyRequest): string | undefined {
  const { id } = request.params as { id?: string };
  return id !== undefined && isUuidV7(id) ? id : undefined;
}

/** Whether every event of a body has this `user_id`. */
function isWrittenBy(subject: string, body: unknown): boolean {
  const isOwn = (item: unknown): boolean => (item as { user_id?: unknown } | null)?.user_id === subject;
  return Array.isArray(body) ? body.every(isOwn) : isOwn(body);
}

function roleNotAllowed({ role }: Principal): CodedError {
  return new CodedError('ROLE_NOT_ALLOWED', `The role ${role} does not allow this. See docs/security.md.`);
}

function notYours(): CodedError {
  return new CodedError(
    'CONSULTATION_NOT_YOURS',
    'Somebody else started this consultation. Only who started it, or another role, may use it.',
  );
}

function notFound(): CodedError {
  return new CodedError('CONSULTATION_NOT_FOUND', 'There is no such consultation.');
}

function notYourUserId({ role }: Principal): CodedError {
  return new CodedError(
    'USER_ID_NOT_YOURS',
    `With the role ${role}, user_id must be the name that the credentials are for.`,
    { errors: [{ path: '/user_id', message: 'must be your own' }] },
  );
}

function notYourList({ role }: Principal): CodedError {
  return new CodedError(
    'USER_ID_NOT_YOURS',
    `With the role ${role}, ask for your own consultations: add user_id, with the name that the credentials are for.`,
    { errors: [{ path: '/user_id', message: 'must be your own' }] },
  );
}

function trailUnavailable(): CodedError {
  return new CodedError(
    'AUDIT_UNAVAILABLE',
    'The audit trail cannot take more now, and nothing is answered that it does not have. Try again shortly.',
  );
}
