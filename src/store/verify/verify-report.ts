/** What a check of a data directory finds, and what its parts are given to report it with. */

/** Something that is not as it was written, or is missing. */
export interface Damage {
  /** Relative to the data directory, with `/`. */
  file: string;
  /** In bytes, where the damage has a place of its own in the file. */
  offset?: number;
  /** The first event that is known to be concerned. */
  sequence?: number;
  consultationId?: string;
  /** What is wrong, without a full stop. */
  what: string;
}

/** A point of the store that somebody noted: the root of all events up to a sequence (docs/operating.md). */
export interface Anchor {
  /** From 1. */
  sequence: number;
  /** Lower-case hex. */
  root: string;
}

/** A point of the audit trail that somebody noted: the newest entry of a line, and the hash of the line. */
export interface AuditAnchor {
  /** From 1. */
  number: number;
  /** Lower-case hex. */
  hash: string;
}

/** Where findings go: at once, so that none has to be kept. */
export interface VerifyReport {
  damage(damage: Damage): void;
  /** Worth knowing, and no damage. */
  note(text: string): void;
  /** So many further bytes of the files are done. */
  done(bytes: number): void;
}

/** A failure of the file system as a few words; other errors are thrown on. */
export function unreadable(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return code === 'ENOENT' ? 'it is missing' : `it cannot be read (${code})`;
}
