/**
 * Roots that were noted elsewhere, compared with the events: the one thing that finds a store whose files were
 * all rewritten, or whose last events were taken away together with the index.
 *
 * The root through an event is that of its segment if the segment ended with it (segment-layout.ts), so it covers
 * every event up to there and is the same whether the segment was sealed since or not.
 */
import { HASH_BYTES } from '../../domain/stored-event.js';
import { segmentRoot } from '../../segments/segment-layout.js';
import type { Anchor, VerifyReport } from './verify-report.js';

export class AnchorCheck {
  #waiting: readonly Anchor[];

  constructor(
    expected: readonly Anchor[],
    private readonly report: VerifyReport,
  ) {
    this.#waiting = expected;
  }

  /** Compares the anchors that lie within a range: the events of one file, by their hashes (32 bytes each). */
  check(file: string, previousRoot: string, firstSequence: number, hashes: Buffer): void {
    const nextSequence = firstSequence + hashes.length / HASH_BYTES;
    const isHere = ({ sequence }: Anchor): boolean => sequence >= firstSequence && sequence < nextSequence;
    for (const { sequence, root } of this.#waiting.filter(isHere)) {
      const covered = hashes.subarray(0, (sequence - firstSequence + 1) * HASH_BYTES);
      if (segmentRoot(previousRoot, firstSequence, covered) === root) continue;
      this.report.damage({ file, sequence, what: 'the events up to here do not have the expected root' });
    }
    this.#waiting = this.#waiting.filter((anchor) => !isHere(anchor));
  }

  /** Reports the anchors that no range had. `headSequence` is the newest event. */
  finish(file: string, headSequence: number): void {
    for (const { sequence } of this.#waiting) {
      const what =
        sequence > headSequence
          ? `the expected event is missing: the newest one is ${headSequence}`
          : 'the expected root cannot be compared, because events up to here are damaged';
      this.report.damage({ file, sequence, what });
    }
  }
}
