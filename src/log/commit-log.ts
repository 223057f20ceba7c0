/**
 * The commit log's port: an event is durable here, and only here.
 *
 * The log orders the appends of all consultations, decides whether an expected version holds, and
 * acknowledges after the bytes are on stable storage. It does not look into the links beyond what it is told.
 */
import type { CodedError } from '../domain/errors.js';
import type { SequencedLink } from '../domain/stored-event.js';

/** Events of one consultation, to be stored together or not at all. */
export interface LogAppend {
  consultationId: string;
  /** The consultation's version before these events; 0 means that it must not exist yet. */
  expectedVersion: number;
  /** Encoded links (stored-event.ts), in order, with versions from `expectedVersion + 1`. */
  links: readonly Buffer[];
}

export interface CommitLog {
  /** The sequence of the newest durable event; 0 when there is none. */
  readonly headSequence: number;
  /** The sequence of the oldest event that the log still holds; `headSequence + 1` when it holds none. */
  readonly firstSequence: number;
  /** LOG_UNAVAILABLE once the log can promise nothing any more; what it was asked last, the next start decides. */
  readonly failure: CodedError | undefined;

  /**
   * Stores the links and resolves with the sequence of the first one, after they are durable (`fdatasync`).
   *
   * Rejects with a CodedError: WRONG_EXPECTED_VERSION (extension `version`), OVERLOADED, STORAGE_FULL,
   * LOG_UNAVAILABLE or SHUTTING_DOWN. After any of them nothing of this append is stored, except
   * LOG_UNAVAILABLE, whose outcome recovery decides.
   */
  append(append: LogAppend): Promise<number>;

  /** Reads durable events by their sequences, each between `firstSequence` and `headSequence`, ascending. */
  read(sequences: readonly number[]): Promise<SequencedLink[]>;

  /** Everything durable from a sequence to the head at the time of the call, in order. */
  scan(fromSequence: number): AsyncIterable<SequencedLink[]>;

  /** Waits for what was accepted, refuses the rest with SHUTTING_DOWN, and lets go of the storage. */
  close(): Promise<void>;
}
