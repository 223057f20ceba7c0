/** What the main thread and the reading thread say to each other. */
import { inspect } from 'node:util';
import { CodedError, type ErrorCode } from '../domain/errors.js';
import { LinkPack, type PackedLinks } from '../domain/packed-links.js';

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
  /** Of a scan: the hashes of the events, which it has computed to check them. */
  hashes?: Uint8Array<ArrayBuffer>;
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
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const pack = new LinkPack(parts.length, length);
  for (const part of parts) pack.bytes.set(part, pack.add(part.length));
  return transferable(pack.packed());
}

/** A pack whose memory is nobody else's. */
export function transferable({ bytes, ends, hashes }: PackedLinks): PackedBytes {
  // What is allocated slowly is never a slice of a pool.
  const own = (part: Buffer): Uint8Array<ArrayBuffer> =>
    new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.length);
  return hashes === undefined
    ? { bytes: own(bytes), ends }
    : { bytes: own(bytes), ends, hashes: own(hashes) };
}

/** What of it goes from thread to thread without a copy. */
export function transferred({ bytes, ends, hashes }: PackedBytes): ArrayBuffer[] {
  return hashes === undefined ? [bytes.buffer, ends.buffer] : [bytes.buffer, ends.buffer, hashes.buffer];
}

export function received({ bytes, ends, hashes }: PackedBytes): PackedLinks {
  const view = (part: Uint8Array<ArrayBuffer>): Buffer =>
    Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  return { bytes: view(bytes), ends, hashes: hashes === undefined ? undefined : view(hashes) };
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
