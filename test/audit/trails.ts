/** Trails for tests. */
import type { TestContext } from 'node:test';
import { AuditTrail, type AuditTrailOptions } from '../../src/audit/audit-trail.js';
import type { AccessEntry } from '../../src/domain/access-entry.js';
import { nodeDisk } from '../../src/ops/disk.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

export const MINUTE_MS = 60_000;
export const START_MS = Date.parse('2026-03-01T08:00:00.000Z');

/** An access of dr-lopez, `minute` minutes after the start. */
export function access(minute: number, changes: Partial<AccessEntry> = {}): AccessEntry {
  const fromMs = START_MS + minute * MINUTE_MS;
  return {
    fromMs,
    untilMs: fromMs,
    count: 1,
    subject: 'dr-lopez',
    role: 'clinician',
    credential: 'key:0123456789ab',
    address: null,
    action: 'read',
    consultationId: '018f0000-0000-7000-8000-000000000001',
    outcome: 'granted',
    code: null,
    ...changes,
  };
}

export async function openTrail(
  t: TestContext,
  directory: string,
  options: Partial<AuditTrailOptions> = {},
): Promise<AuditTrail> {
  const trail = await AuditTrail.open({
    disk: nodeDisk,
    directory,
    onFailed: (error) => {
      throw error;
    },
    ...options,
  });
  t.after(() => trail.close());
  return trail;
}

/** A directory with three lines of two entries each, in files of one line. */
export async function smallTrail(t: TestContext, fileBytesMax = 1): Promise<string> {
  const directory = await temporaryDirectory(t);
  const trail = await openTrail(t, directory, { fileBytesMax });
  for (let line = 0; line < 3; line += 1) await trail.append([access(line * 2), access(line * 2 + 1)]);
  await trail.close();
  return directory;
}
