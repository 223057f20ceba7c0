/** Errors of the file system as errors that say what to do. */
import { CodedError, type ErrorCode } from '../domain/errors.js';

const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** An error, or an error that brought it about, with the system's code for it. */
function systemCode(error: unknown): string | undefined {
  const { code, syscall, cause } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code === 'string' && syscall !== undefined) return code;
  return cause === undefined ? undefined : systemCode(cause);
}

/** Whether an error itself says that the disk, or a quota on it, has no room. */
export function isNoSpace(error: unknown): boolean {
  return NO_SPACE.has((error as NodeJS.ErrnoException).code ?? '');
}

/** STORAGE_FULL or DISK_FAILED for an error of the file system; any other as it is. */
export function diskFailure(error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof CodedError || code === undefined) return error;
  if (NO_SPACE.has(code)) {
    return new CodedError('STORAGE_FULL', 'The disk is full. Free space, then try again.', { cause: error });
  }
  const message = `The data directory cannot be read or written (${code}). Look at its owner, its permissions, its disk and the system's log.`;
  return new CodedError('DISK_FAILED', message, { cause: error });
}

/** A failure as it crosses threads. */
export interface PlainFailure {
  code: ErrorCode;
  message: string;
}

export function plainFailure(error: unknown): PlainFailure {
  const failure = diskFailure(error);
  if (failure instanceof CodedError) return { code: failure.code, message: failure.message };
  return { code: 'INTERNAL_ERROR', message: failure instanceof Error ? failure.message : String(failure) };
}
