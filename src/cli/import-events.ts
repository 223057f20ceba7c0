/** The import of exported events: in batches, in their order, each as it was. */
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { NdjsonLine } from '../ops/ndjson-lines.js';
import type { EventToRestore, Restored } from '../store/restore-events.js';
import { CommandError } from './command-error.js';
import type { ImportCounts } from './import-counts.js';
import { eventOfLine } from './import-event-line.js';
import type { ImportTarget } from './import-target.js';

/** The line at fault; its cause says why. */
export class LineError extends Error {
  constructor(
    readonly lineNumber: number,
    override readonly cause: unknown,
  ) {
    super(`line ${lineNumber} cannot be imported`, { cause });
  }
}

interface WaitingEvent {
  event: EventToRestore;
  lineNumber: number;
}

export class EventImport {
  private waiting: WaitingEvent[] = [];
  private waitingBytes = 0;
  private readonly restore: NonNullable<ImportTarget['restore']>;

  /** Throws if the target cannot take events as they were. */
  constructor(
    target: ImportTarget,
    private readonly counts: ImportCounts,
  ) {
    if (target.restore === undefined) {
      throw new CommandError(
        'exported events keep their ids and times, which a running service gives itself: import them into a directory (--data-dir), without --url',
      );
    }
    this.restore = target.restore;
  }

  /** Takes the next line; `bytes` is what it takes in its file. A LineError when it, or one before it, is refused. */
  async take({ number, content }: NdjsonLine, bytes: number): Promise<void> {
    let event: EventToRestore | undefined;
    try {
      event = eventOfLine(content);
    } catch (error) {
      await this.flush();
      throw new LineError(number, error);
    }
    this.waitingBytes += bytes;
    if (event === undefined) return;
    this.waiting.push({ event, lineNumber: number });
    const isFull = this.waiting.length === limits.batchEventsMax;
    // A line may be as long as a block, so the block may be full with the first.
    if (isFull || this.waitingBytes >= limits.importBatchBytes) await this.flush();
  }

  /** Stores what waits. */
  async flush(): Promise<void> {
    const batch = this.waiting;
    const bytes = this.waitingBytes;
    this.waiting = [];
    this.waitingBytes = 0;
    if (batch.length > 0) {
      const restored: Restored = { written: 0, present: 0 };
      const events = batch.map(({ event }) => event);
      try {
        await this.restore(events, restored);
      } catch (error) {
        throw new LineError(lineAtFault(batch, error), error);
      } finally {
        this.counts.eventsWritten += restored.written;
        this.counts.eventsPresent += restored.present;
      }
      const starts = batch.filter(({ event }) => event.type === 'CONSULTATION_STARTED');
      this.counts.consultations += starts.length;
    }
    this.counts.bytes += bytes;
  }
}

/** The line that the store named, or the first of those that it would not take as a whole. */
function lineAtFault(batch: readonly WaitingEvent[], error: unknown): number {
  const sequence = error instanceof CodedError ? error.extensions?.sequence : undefined;
  const named = batch.find(({ event }) => event.sequence === sequence);
  return (named ?? (batch[0] as WaitingEvent)).lineNumber;
}
