/** How a command fails: one line for the person who ran it, and an exit code for the script that did. */
import { CodedError, type FieldError } from '../domain/errors.js';
import type { StopSignal } from './command-context.js';

/** What a shell gives a process that a signal ended: 128 and the signal's number. */
export const STOP_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Field errors that one line shows: as many as there are settings to get wrong at once. */
const SHOWN_FIELD_ERRORS_MAX = 12;

/** A failure whose message is complete: it says what is wrong, where, and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode = 1,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** An error as one line, without control characters: what a file or a service sent may be part of it. */
export function errorLine(error: unknown): string {
  if (error instanceof CodedError)
    return oneLine(`${error.code}: ${error.message}${fieldErrorsText(error.errors)}`);
  return oneLine(error instanceof Error ? error.message : String(error));
}

function fieldErrorsText(errors: readonly FieldError[] | undefined): string {
  if (errors === undefined || errors.length === 0) return '';
  const shown = errors
    .slice(0, SHOWN_FIELD_ERRORS_MAX)
    .map(({ path, message }) => `${path || '/'} ${message}`);
  const more = errors.length - shown.length;
  return ` (${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''})`;
}

/** Replaces every run of white space and control characters by one space. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
