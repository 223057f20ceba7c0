/**
 * The audit trail of the store, whose head is noted in the service's log.
 *
 * Nothing in a data directory can show that its newest lines were cut off by somebody who may write there. The
 * service's log is usually kept elsewhere: "fi-consult verify --expect-audit" finds again what is noted in it.
 */
import { AuditTrail } from '../audit/audit-trail.js';
import type { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import type { Machine } from '../ops/machine.js';

export interface NotedTrail {
  trail: AuditTrail;
  /** Lets go of the files and notes the head once more. */
  close(): Promise<void>;
}

export interface NotedTrailOptions {
  directory: string;
  machine: Pick<Machine, 'disk' | 'now' | 'timers'>;
  logger: Logger;
  /** As in `AuditTrailOptions`. */
  onFailed: (error: CodedError) => void;
}

/** AUDIT_DAMAGED if the trail is not what was written. */
export async function openNotedTrail({
  directory,
  machine,
  logger,
  onFailed,
}: NotedTrailOptions): Promise<NotedTrail> {
  const { disk, now, timers } = machine;
  const trail = await AuditTrail.open({ disk, directory, now, onFailed });
  if (trail.tornBytes > 0) logger.warn({ bytes: trail.tornBytes }, 'cut a torn line of the audit trail');
  let noted = 0;
  const note = (): void => {
    const { number, hash } = trail.head;
    if (number === noted) return;
    noted = number;
    logger.info({ auditHead: `${number}:${hash}` }, 'audit trail');
  };
  note();
  const stopNoting = timers.every(limits.auditNoteMs, note);
  return {
    trail,
    async close() {
      stopNoting();
      await trail.close();
      note();
    },
  };
}
