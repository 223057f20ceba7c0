/**
 * How a worker thread follows the journal: the main thread says how far it is durable, and the worker reads the
 * file itself. No event is copied between threads.
 */
import type { JournalSpan } from '../../log/file-log.js';
import type { PlainFailure } from '../../ops/disk-failure.js';

/** To the worker. */
export type FollowerCommand =
  /** Take this in; `isFull` when no more will come to this journal. */
  | { kind: 'durable'; journal: JournalSpan; isFull: boolean }
  /** Keep this state (index/snapshot-layout.ts) of a consultation; only for the index. */
  | { kind: 'snapshot'; consultationId: string; value: Uint8Array }
  | { kind: 'close' };

/** From the worker. */
export type FollowerReport =
  | { kind: 'opened'; sequence: number }
  /** Before it is open: what it lacked is being made again, and it is this far. */
  | { kind: 'rebuilding'; sequence: number }
  /** Everything up to `sequence` was taken in. */
  | { kind: 'applied'; sequence: number }
  /** It cannot write now and tries again by itself. */
  | { kind: 'late'; reason: string }
  /** Before it is open: what it had could not be used and is made again. */
  | { kind: 'discarded'; reason: string }
  | { kind: 'finished'; journal: JournalSpan }
  | ({ kind: 'failed' } & PlainFailure)
  | { kind: 'closed' };
