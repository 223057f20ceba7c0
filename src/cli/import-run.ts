/**
 * The run of an import: reads the inputs line by line and keeps a bounded number of consultations under way.
 *
 * A line that cannot be imported ends the reading; everything before it is finished first. A stop ends reading
 * and sending. Either way the next import of the same files goes on from there.
 */
import type { Readable } from 'node:stream';
import { type NdjsonLine, ndjsonLines } from '../ops/ndjson-lines.js';
import { type ImportPlan, importConsultation } from './import-consultation.js';
import type { ImportCounts } from './import-counts.js';
import { isEventLine } from './import-event-line.js';
import { EventImport, LineError } from './import-events.js';
import type { ImportInput } from './import-inputs.js';
import { importPlan } from './import-plan.js';
import type { ImportTarget } from './import-target.js';

export interface ImportRunOptions {
  inputs: readonly ImportInput[];
  target: ImportTarget;
  userId: string;
  /** Consultations under way at the same time, at least 1. */
  concurrency: number;
  /** Aborted to stop the import: requests under way are finished. */
  signal: AbortSignal;
  /** Kept up to date while the import runs. */
  counts: ImportCounts;
}

/** What ended an import early: the first line, in the order of the inputs, that failed. */
export interface ImportFailure {
  /** `file:line`. */
  place: string;
  error: unknown;
}

/** Imports all inputs. Resolves with the failure that ended it, if one did; never rejects for a line's sake. */
export async function runImport(options: ImportRunOptions): Promise<ImportFailure | undefined> {
  const run = new ImportRun(options);
  for (const input of options.inputs) {
    if (run.isEnding) break;
    await run.read(input);
  }
  return run.finish();
}

/** The consultations under way, and what became of those before. */
class ImportRun {
  /** Ends the reading: after a stop or a failure. */
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** The newest work on each consultation under way, so that the same line twice is not sent side by side. */
  readonly #runningById = new Map<string, Promise<void>>();
  #linesStarted = 0;
  #failure: (ImportFailure & { order: number }) | undefined;

  constructor(private readonly options: ImportRunOptions) {
    const { signal } = options;
    if (signal.aborted) this.#ending.abort();
    else signal.addEventListener('abort', () => this.#ending.abort(), { once: true });
  }

  get isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async read(input: ImportInput): Promise<void> {
    let stream: Readable;
    try {
      stream = await input.open();
    } catch (error) {
      this.#fail(input.name, error, this.#linesStarted);
      return;
    }
    const stopReading = (): void => endStream(stream);
    this.#ending.signal.addEventListener('abort', stopReading, { once: true });
    let lineNumber = 0;
    let offset = 0;
    let events: EventImport | undefined;
    let isSniffed = false;
    try {
      for await (const line of ndjsonLines(stream)) {
        if (this.isEnding) return;
        const bytes = line.endOffset - offset;
        lineNumber = line.number;
        // The first line that is not blank says what the file has.
        if (!isSniffed && isEventLine(line.content)) events = await this.#eventImport(line);
        isSniffed ||= !isBlank(line.content);
        if (events === undefined) await this.#take(line, bytes, `${input.name}:${line.number}`);
        else await events.take(line, bytes);
        offset = line.endOffset;
      }
      await events?.flush();
    } catch (error) {
      // A stream that was ended on purpose may complain about it.
      if (this.isEnding) return;
      const failed = error instanceof LineError ? error : new LineError(lineNumber + 1, error);
      const first = await earliest(failed, events);
      this.#fail(`${input.name}:${first.lineNumber}`, first.cause, this.#linesStarted);
    } finally {
      this.#ending.signal.removeEventListener('abort', stopReading);
    }
  }

  async finish(): Promise<ImportFailure | undefined> {
    await Promise.all(this.#running);
    return this.#failure;
  }

  /** Exported events keep their places, so nothing else may be under way beside them. */
  async #eventImport(first: NdjsonLine): Promise<EventImport> {
    await Promise.all(this.#running);
    try {
      return new EventImport(this.options.target, this.options.counts);
    } catch (error) {
      throw new LineError(first.number, error);
    }
  }

  async #take(line: NdjsonLine, bytes: number, place: string): Promise<void> {
    const order = this.#linesStarted;
    this.#linesStarted += 1;
    let plan: ImportPlan | undefined;
    try {
      plan = importPlan(line.content);
    } catch (error) {
      this.#fail(place, error, order);
      return;
    }
    if (plan === undefined) {
      this.options.counts.bytes += bytes;
      return;
    }
    while (this.#running.size >= this.options.concurrency) await Promise.race(this.#running);
    if (!this.isEnding) this.#start(plan, bytes, place, order);
  }

  #start(plan: ImportPlan, bytes: number, place: string, order: number): void {
    const { target, userId, signal, counts } = this.options;
    const before = this.#runningById.get(plan.consultationId) ?? Promise.resolve();
    const work = before
      .then(() => importConsultation(plan, userId, target, signal, counts))
      .then(
        (isComplete) => {
          if (!isComplete) return;
          counts.consultations += 1;
          counts.bytes += bytes;
        },
        (error: unknown) => this.#fail(place, error, order),
      )
      .then(() => {
        this.#running.delete(work);
        if (this.#runningById.get(plan.consultationId) === work)
          this.#runningById.delete(plan.consultationId);
      });
    this.#running.add(work);
    this.#runningById.set(plan.consultationId, work);
  }

  /** Once stopped, an error is the stop's doing (a wait cut short) or will be met again by the next import. */
  #fail(place: string, error: unknown, order: number): void {
    if (this.options.signal.aborted) return;
    if (this.#failure === undefined || order < this.#failure.order) this.#failure = { place, error, order };
    this.#ending.abort();
  }
}

const isBlank = (line: Buffer): boolean => line.toString().trim() === '';

/** Stores the events that wait before a failure; gives that failure, or the one that this meets. */
async function earliest(failure: LineError, events: EventImport | undefined): Promise<LineError> {
  try {
    await events?.flush();
    return failure;
  } catch (error) {
    return error instanceof LineError ? error : failure;
  }
}

function endStream(stream: Readable): void {
  // An error event would have nobody listening once the loop over the stream has ended.
  stream.on('error', () => {});
  stream.destroy();
}
