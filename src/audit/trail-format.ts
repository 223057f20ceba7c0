/**
 * The audit trail on disk: who accessed which consultation, in files of text lines, `audit/<number>.audit`.
 *
 * Invariants:
 * - A line is `HASH JSON\n`. HASH is the SHA-256 of JSON, in lower-case hex; JSON has `previous`, the HASH of the line
 *   before it (64 zeros in the first line of all), `number`, that of its first entry, `at`, when it was written, and
 *   `entries`.
 * - Entries count from 1 without a gap, over all files; a file's name is the number of its first entry, 16 digits.
 * - A line is written in one go, and is on stable storage before the next one is begun: only the very last line can be
 *   torn, which is to end without a newline or to have a hole. What else is not whole is damage.
 * - Nothing is ever changed or removed. `at` never goes back, and no time in a line is later.
 */
import { createHash } from 'node:crypto';
import type { AccessEntry } from '../domain/access-entry.js';

export const AUDIT_DIRECTORY = 'audit';
/** The `previous` of the first line. */
export const GENESIS_HASH = '0'.repeat(64);
const HASH_CHARS = 64;
const NEWLINE = 0x0a;

/** An entry as it is written, and shown with its number. */
export interface TrailEntry {
  from: string;
  until: string;
  count: number;
  subject: string | null;
  role: string | null;
  credential: string | null;
  address: string | null;
  action: string;
  consultation_id: string | null;
  outcome: string;
  code: string | null;
}

export interface TrailLine {
  previous: string;
  number: number;
  at: string;
  entries: readonly TrailEntry[];
}

/** A line as it is in a file: bytes `offset` to `end`, the newline included. */
export interface ReadLine {
  offset: number;
  end: number;
  hash: string;
  /** `undefined` if the bytes are not those that the hash was made of. */
  line: TrailLine | undefined;
  /** Whether it has bytes that a power cut kept from the disk: a file system shows them as zeros, and JSON has none. */
  hasHole: boolean;
}

/** The name of the file whose first entry has this number. */
export function trailFileName(number: number): string {
  return `${String(number).padStart(16, '0')}.audit`;
}

/** The number of a file's first entry, by its name; `undefined` for a file that is none of the trail. */
export function trailFileNumber(name: string): number | undefined {
  const digits = /^(\d{16})\.audit$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A line's bytes and its hash. */
export function encodeLine(
  { previous, number, atMs }: { previous: string; number: number; atMs: number },
  entries: readonly AccessEntry[],
): { bytes: Buffer; hash: string } {
  const line: TrailLine = {
    previous,
    number,
    at: new Date(atMs).toISOString(),
    entries: entries.map((entry) => trailEntry(entry, atMs)),
  };
  const json = JSON.stringify(line);
  const hash = sha256(json);
  return { bytes: Buffer.from(`${hash} ${json}\n`), hash };
}

function trailEntry({ fromMs, untilMs, consultationId, ...entry }: AccessEntry, atMs: number): TrailEntry {
  const { count, subject, role, credential, address, action, outcome, code } = entry;
  return {
    // The clock may have been set back since.
    from: new Date(Math.min(fromMs, atMs)).toISOString(),
    until: new Date(Math.min(untilMs, atMs)).toISOString(),
    count,
    subject,
    role,
    credential,
    address,
    action,
    consultation_id: consultationId,
    outcome,
    code,
  };
}

/** The lines of a file's bytes, `offset` bytes from its start, as far as they end with a newline. */
export function* readLines(bytes: Buffer, offset = 0): Generator<ReadLine> {
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline < 0) return;
    const hash = bytes.toString('latin1', start, start + HASH_CHARS);
    const json = bytes.subarray(start + HASH_CHARS + 1, Math.max(newline, start + HASH_CHARS + 1));
    const isWhole = bytes[start + HASH_CHARS] === 0x20 && sha256(json) === hash;
    const line = isWhole ? (JSON.parse(json.toString()) as TrailLine) : undefined;
    const hasHole = !isWhole && bytes.subarray(start, newline).includes(0);
    yield { offset: offset + start, end: offset + newline + 1, hash, line, hasHole };
    start = newline + 1;
  }
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
