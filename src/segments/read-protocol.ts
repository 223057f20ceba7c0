/** What the main thread and the reading thread say to each other. */
import { inspect } from 'node:util';
import { CodedError, type ErrorCode } from '../domain/errors.js';

/** Rows of one segment file. */
export interface RowsOfFile {
  path: string;
  rows: number[];
}

export type ReadRequest =
  /** The records at some rows, file by file. */
  | { kind: 'read'; id: number; files: RowsOfFile[] }
  /** The next links of a scan through a file; the first such request of a `scan` starts it at `fromRow`. */
  | { kind: 'next'; id: number; scan: number; path: string; fromRow: number }
  /** The scan is over or given up. There is no reply. */
  | { kind: 'end'; scan: number };

/** Byte strings one after another: one transfer instead of thousands of copies. */
export interface PackedBytes {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where each ends. */
  ends: Float64Array<ArrayBuffer>;
}

export type ReadReply =
  | { id: number; ok: true; packed: PackedBytes }
  | {
      id: number;
      ok: false;
      error: PlainError;
      /** The HDF5 library threw: the thread should be replaced, because that leaves handles open. */
      isSpent: boolean;
    };

/** An error as it crosses threads. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  extensions: Readonly<Record<string, string | number>> | undefined;
  /** Its stack and those of its causes: for the log, never for an answer. */
  detail: string;
}

export function packBytes(parts: readonly Buffer[]): PackedBytes {
  const ends = new Float64Array(parts.length);
  let length = 0;
  parts.forEach((part, index) => {
    length += part.length;
    ends[index] = length;
  });
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes, ends };
}

/** The parts again, as views. */
export function unpackBytes({ bytes, ends }: PackedBytes): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Buffer[] = [];
  let start = 0;
  for (const end of ends) {
    parts.push(all.subarray(start, end));
    start = end;
  }
  return parts;
}

export function plainError(error: unknown): PlainError {
  // The inspection follows causes.
  const detail = inspect(error);
  if (error instanceof CodedError) {
    return { code: error.code, message: error.message, extensions: error.extensions, detail };
  }
  return { code: 'INTERNAL_ERROR', message: 'Reading the archive failed.', extensions: undefined, detail };
}

export function codedError({ code, message, extensions, detail }: PlainError): CodedError {
  const cause = new Error(detail);
  return new CodedError(code, message, extensions === undefined ? { cause } : { cause, extensions });
}
