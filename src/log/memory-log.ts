/** A commit log in memory: the same promises but durability. For tests and as a yardstick in benchmarks. */
import { assert, CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { SequencedLink } from '../domain/stored-event.js';
import type { CommitLog, LogAppend } from './commit-log.js';
import { ExpectedVersions } from './expected-versions.js';

export class MemoryLog implements CommitLog {
  private readonly links: Buffer[] = [];
  private readonly versions = new ExpectedVersions(() => 0);
  private closed = false;
  readonly firstSequence = 1;
  readonly failure = undefined;

  get headSequence(): number {
    return this.links.length;
  }

  async append({ consultationId, expectedVersion, links }: LogAppend): Promise<number> {
    if (this.closed) throw new CodedError('SHUTTING_DOWN', 'The service is stopping. Try again shortly.');
    this.versions.check(consultationId, expectedVersion);
    const firstSequence = this.links.push(...links) - links.length + 1;
    this.versions.set(consultationId, expectedVersion + links.length, this.links.length);
    return firstSequence;
  }

  async read(sequences: readonly number[]): Promise<SequencedLink[]> {
    return sequences.map((sequence) => {
      const link = this.links[sequence - 1];
      assert(link !== undefined, `sequence ${sequence} is held by the log`);
      return { sequence, link };
    });
  }

  async *scan(fromSequence: number): AsyncIterable<SequencedLink[]> {
    const head = this.headSequence;
    for (let from = Math.max(fromSequence, 1); from <= head; from += limits.batchEventsMax) {
      const count = Math.min(limits.batchEventsMax, head - from + 1);
      yield await this.read(Array.from({ length: count }, (_, index) => from + index));
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
