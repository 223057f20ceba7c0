/**
 * Who may do what: the roles, the actions that routes declare, and the one table that joins them.
 *
 * The table of docs/security.md is made of it; a test holds the two together and walks every cell.
 */

export const ROLES = ['clinician', 'auditor', 'service', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * What a route does, as far as access goes.
 *
 * `create`, `append`: the `user_id` of the body, or of each item of a body that is an array, is compared with the
 * principal's. `append-lines`: the same, for a body that the route reads itself: it compares each name with
 * `checkWriter` (src/http/access.ts). `list`: consultations, by the `user_id` of the query. `read-all`: events of all
 * consultations.
 */
export const ACTIONS = [
  'create',
  'append',
  'append-lines',
  'read',
  'verify',
  'list',
  'read-all',
  'metrics',
  'audit',
  'admin',
] as const;
export type Action = (typeof ACTIONS)[number];

/** What a route declares. `open` needs no credentials, so it must show nothing of any consultation. */
export type RouteAccess = Action | 'open';

/**
 * `own`: consultations that the principal started, and writing under the principal's own name only. `all`: any
 * consultation, and writing on behalf of others.
 */
export type Scope = 'all' | 'own' | 'none';

const SCOPES: Readonly<Record<Action, Readonly<Record<Role, Scope>>>> = {
  create: { clinician: 'own', auditor: 'none', service: 'all', admin: 'all' },
  append: { clinician: 'own', auditor: 'none', service: 'all', admin: 'all' },
  'append-lines': { clinician: 'own', auditor: 'none', service: 'all', admin: 'all' },
  read: { clinician: 'own', auditor: 'all', service: 'all', admin: 'all' },
  verify: { clinician: 'none', auditor: 'all', service: 'none', admin: 'all' },
  list: { clinician: 'own', auditor: 'all', service: 'all', admin: 'all' },
  'read-all': { clinician: 'none', auditor: 'all', service: 'all', admin: 'all' },
  metrics: { clinician: 'none', auditor: 'all', service: 'all', admin: 'all' },
  audit: { clinician: 'none', auditor: 'all', service: 'none', admin: 'all' },
  admin: { clinician: 'none', auditor: 'none', service: 'none', admin: 'all' },
};

/** How far a role may go with an action. */
export function scopeOf(role: Role, action: Action): Scope {
  return SCOPES[action][role];
}

/**
 * Finds out who sends a request by its `Authorization` header: at once if that takes no waiting, as is usual, since a
 * promise would cost every request. Throws, or rejects with, CREDENTIALS_MISSING and CREDENTIALS_REFUSED.
 */
export interface Authenticator {
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  /** Stops watching its files. */
  close(): Promise<void>;
}

/** Somebody whose credentials were checked. */
export interface Principal {
  /** Who it is; a clinician's is the `user_id` of what they write. */
  subject: string;
  role: Role;
  /** What it was proven with: `key:` and the id of a key, or `jwt`. */
  credential: string;
}
