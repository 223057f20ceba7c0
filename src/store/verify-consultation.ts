/**
 * Checks the hash chain of one consultation: from what is stored in journal and segments, against the hashes that
 * its events were acknowledged with, which the index has.
 */
import { CodedError, type ErrorCode } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { GENESIS_HASH, HASH_BYTES, hexOfLatin1, LinkView } from '../domain/stored-event.js';
import type { IndexEntry } from '../index/index-layout.js';
import type { EventFinder, StoredRecord } from './event-finder.js';
import type { ConsultationCheck } from './event-store.js';

/** The errors that speak of the stored bytes; others are no finding and are thrown. */
const DAMAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ARCHIVE_DAMAGED', 'LOG_DAMAGED']);

/**
 * Checks the events 1 to `version`, a page at a time, so that other requests are served in between. Stops at the
 * first that is damaged.
 */
export async function verifyConsultation(
  finder: EventFinder,
  consultationId: string,
  version: number,
): Promise<ConsultationCheck> {
  const [head] = finder.entries(consultationId, version, version);
  const answer = { events: version, headHash: hexOfLatin1(head?.hash ?? GENESIS_HASH) };
  let previousHash = GENESIS_HASH;
  for (let from = 1; from <= version; from += limits.verifyPageEvents) {
    const to = Math.min(version, from + limits.verifyPageEvents - 1);
    const entries = finder.entries(consultationId, from, to);
    const records = await readPage(finder, entries);
    for (const [index, entry] of entries.entries()) {
      const record = records[index];
      const reason =
        record === undefined ? 'it cannot be read' : faultOf(record, entry, consultationId, previousHash);
      if (reason !== undefined) {
        return {
          valid: false,
          ...answer,
          damage: { sequence: entry.sequence, version: entry.version, reason },
        };
      }
      previousHash = entry.hash;
    }
  }
  return { valid: true, ...answer };
}

/** What is stored of the entries, up to the first that cannot be read. */
async function readPage(finder: EventFinder, entries: readonly IndexEntry[]): Promise<StoredRecord[]> {
  const all = await readable(finder, entries);
  if (all !== undefined) return all;
  const records: StoredRecord[] = [];
  for (const entry of entries) {
    const one = await readable(finder, [entry]);
    if (one === undefined) break;
    records.push(...one);
  }
  return records;
}

/** The records of entries; `undefined` if one of them is damaged. */
async function readable(
  finder: EventFinder,
  entries: readonly IndexEntry[],
): Promise<StoredRecord[] | undefined> {
  try {
    return await finder.storedRecords(entries);
  } catch (error) {
    if (error instanceof CodedError && DAMAGE_CODES.has(error.code)) return undefined;
    throw error;
  }
}

function faultOf(
  stored: StoredRecord,
  { version, hash }: IndexEntry,
  consultationId: string,
  previousHash: string,
): string | undefined {
  const { record } = stored;
  if (stored.previousHash !== undefined && stored.previousHash !== previousHash) {
    return 'the hash before it is not that of the event before it';
  }
  const link = Buffer.allocUnsafe(HASH_BYTES + record.length);
  link.write(previousHash, 0, 'latin1');
  link.set(record, HASH_BYTES);
  const view = new LinkView(link);
  if (view.hash !== hash) return 'its bytes do not have the hash it was acknowledged with';
  if (view.consultationId === consultationId && view.version === version) return undefined;
  return 'it is another event than the one that belongs here';
}
