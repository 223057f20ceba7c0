/** Reads a page of the trail: the entries that a query asks for, from a number on. */
import { join } from 'node:path';
import type { AuditPage, AuditQuery } from '../domain/access-entry.js';
import { limits } from '../domain/limits.js';
import type { Disk } from '../ops/disk.js';
import { visitLines } from './trail-file.js';
import { type ReadLine, type TrailEntry, trailFileName } from './trail-format.js';
import { damagedTrail } from './trail-recovery.js';

/** The trail up to what is durable when the reading begins. */
export interface TrailExtent {
  disk: Disk;
  directory: string;
  /** The numbers of the files' first entries, in order. */
  files: readonly number[];
  /** Where the last file ends. */
  endOffset: number;
  nextNumber: number;
}

/** AUDIT_DAMAGED if a line that is read is not what was written. */
export async function readPage(extent: TrailExtent, query: AuditQuery): Promise<AuditPage> {
  const { disk, directory, files, endOffset } = extent;
  const { fromNumber, limit } = query;
  const entriesJson: string[] = [];
  let nextNumber = Math.max(fromNumber, 1);
  let readBytes = 0;
  for (const [index, firstNumber] of files.entries()) {
    const after = files[index + 1] ?? extent.nextNumber;
    if (after <= nextNumber) continue;
    if (entriesJson.length === limit || readBytes >= limits.auditScanBytesMax) break;
    const name = trailFileName(firstNumber);
    const isLast = firstNumber === files.at(-1);
    const take = ({ offset, line }: ReadLine): boolean => {
      if (line === undefined) throw damagedTrail(name, offset, 'a line is not what was written');
      for (const [place, entry] of line.entries.entries()) {
        const number = line.number + place;
        if (number < nextNumber) continue;
        if (entriesJson.length === limit) return false;
        nextNumber = number + 1;
        if (isAskedFor(entry, query)) entriesJson.push(JSON.stringify({ number, ...entry }));
      }
      return true;
    };
    const end = await visitLines(disk, join(directory, name), take, isLast ? endOffset : undefined);
    readBytes += end.endOffset;
  }
  return nextNumber >= extent.nextNumber ? { entriesJson } : { entriesJson, nextNumber };
}

function isAskedFor(entry: TrailEntry, query: AuditQuery): boolean {
  const { consultationId, subject, outcome, fromMs, toMs } = query;
  return (
    (consultationId === undefined || entry.consultation_id === consultationId) &&
    (subject === undefined || entry.subject === subject) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (fromMs === undefined || Date.parse(entry.until) >= fromMs) &&
    (toMs === undefined || Date.parse(entry.from) <= toMs)
  );
}
