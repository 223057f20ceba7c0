/** What the audit trail has of access to consultations, and how it is asked. */
import type { Action, Role } from './access.js';

export type AccessOutcome = 'granted' | 'denied';

/**
 * One or more accesses of the same kind: the same who, what, consultation and outcome. All of them were between
 * `fromMs` and `untilMs` (milliseconds since 1970), which are the times of the first and the last.
 *
 * `granted` says that it was allowed; whether it then found or stored anything is not recorded here.
 */
export interface AccessEntry {
  fromMs: number;
  untilMs: number;
  count: number;
  /** Who it was; `anonymous` with FI_AUTH=off, null if the credentials did not say. */
  subject: string | null;
  role: Role | null;
  /** `key:` and the id of a key, or `jwt`. */
  credential: string | null;
  /** Where it came from, if there is no subject. */
  address: string | null;
  action: Action;
  consultationId: string | null;
  outcome: AccessOutcome;
  /** Why it was denied. */
  code: string | null;
}

export interface AuditQuery {
  consultationId?: string;
  subject?: string;
  outcome?: AccessOutcome;
  /** Entries that reach into this time, in milliseconds since 1970, both ends included. */
  fromMs?: number;
  toMs?: number;
  /** Entries from this number on; they count from 1. */
  fromNumber: number;
  /** 1 to `limits.auditPageMax`. */
  limit: number;
}

export interface AuditPage {
  /** Each entry as its JSON text. */
  entriesJson: readonly string[];
  /**
   * Where to go on; none at the end of the trail. A page may have fewer entries than asked for, or none, and not be
   * the last: it ends where enough was looked through.
   */
  nextNumber?: number;
}
