/** What the HDF5 library throws, as errors that say what to do. It tells its failures apart by their texts alone. */
import { CodedError } from '../domain/errors.js';

/**
 * A filter could not make a chunk of a dataset smaller, and cannot keep it as it is either (LZF). The file is of no
 * use; it may be written again with that dataset unfiltered.
 */
export class FilterGaveUpError extends Error {
  override readonly name = 'FilterGaveUpError';

  constructor(
    readonly dataset: string,
    options: { cause: unknown },
  ) {
    super(`the filter of ${dataset} found nothing to save`, options);
  }
}

/**
 * STORAGE_FULL, CODEC_UNAVAILABLE, INTERNAL_ERROR when writing, or ARCHIVE_DAMAGED, for something that the library
 * threw about a file. What was thrown is the cause.
 */
export function hdf5Error(thrown: unknown, file: string, writing: boolean): CodedError {
  // Some throws of the library are bare strings.
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (/No space left|ENOSPC|Quota exceeded/i.test(cause.message)) {
    return new CodedError('STORAGE_FULL', `There is no space left to write ${file}; free some.`, { cause });
  }
  if (/required filter|filter .*not (registered|available)|H5PL_/i.test(cause.message)) {
    const message = `A filter that ${file} needs cannot be loaded here; run "npm ci" again, or see docs/codecs.md.`;
    return new CodedError('CODEC_UNAVAILABLE', message, { cause });
  }
  if (writing) return new CodedError('INTERNAL_ERROR', `HDF5 could not write ${file}.`, { cause });
  return new CodedError(
    'ARCHIVE_DAMAGED',
    `${file} cannot be read as HDF5. Restore this file from a backup, then run "fi-consult verify".`,
    { cause, extensions: { file } },
  );
}

/** Whether such an error came of a filter that failed on a chunk, as its cause says. */
export function isFilterFailure(error: unknown): boolean {
  const cause = error instanceof CodedError ? error.cause : undefined;
  return cause instanceof Error && /filter returned failure/.test(cause.message);
}
