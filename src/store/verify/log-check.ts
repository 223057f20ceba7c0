/** Checks the journals against each other and against the sealed segments before them. */
import { sha256Latin1 } from '../../domain/stored-event.js';
import { GENESIS_ROOT, type SealedSegment, segmentRoot } from '../../segments/segment-layout.js';
import type { AnchorCheck } from './anchor-check.js';
import type { ChainCheck } from './chain-check.js';
import { checkJournal, type JournalFindings, type OpenJournal } from './journal-check.js';
import type { VerifyReport } from './verify-report.js';

export interface LogCheckOptions {
  report: VerifyReport;
  chain: ChainCheck;
  anchors: AnchorCheck;
  /** Oldest first. */
  sealed: readonly SealedSegment[];
  /** Whether a service owns the directory, so that a write may be under way. */
  isOwned: boolean;
}

/** Where the log ends. */
export interface LogEnd {
  /** The newest event; 0 when there is none. */
  headSequence: number;
  /** The root through it; `undefined` when damage left no way to tell. */
  root: string | undefined;
}

export async function checkLog(journals: readonly OpenJournal[], options: LogCheckOptions): Promise<LogEnd> {
  const check = new LogCheck(options);
  for (const [index, journal] of journals.entries()) {
    await check.add(journal, journals[index + 1]?.firstSequence);
  }
  return check.end;
}

class LogCheck {
  end: LogEnd;
  /** Damage at the end of the journal before was reported, so that a gap after it is no further one. */
  #isBroken = false;

  constructor(private readonly options: LogCheckOptions) {
    const newest = options.sealed.at(-1);
    this.end = { headSequence: newest?.lastSequence ?? 0, root: newest?.root ?? GENESIS_ROOT };
  }

  async add(journal: OpenJournal, followedBy: number | undefined): Promise<void> {
    const sealedThrough = this.options.sealed.at(-1)?.lastSequence ?? 0;
    if (journal.firstSequence <= sealedThrough) await this.#addSealed(journal, followedBy);
    else await this.#addOpen(journal, followedBy);
  }

  /** A journal that was sealed and not deleted yet: its events must be those of the segment. */
  async #addSealed(journal: OpenJournal, followedBy: number | undefined): Promise<void> {
    const { report, sealed } = this.options;
    const file = journal.path;
    const sequence = journal.firstSequence;
    const segment = sealed.find(({ firstSequence }) => firstSequence === sequence);
    if (segment === undefined) {
      report.damage({ file, offset: 0, sequence, what: 'it begins in the middle of a sealed segment' });
      return;
    }
    const findings = await checkJournal(journal, { report, followedBy, add: sha256Latin1, gap: () => {} });
    this.#noteTail(journal, findings);
    const { isWhole, hashes } = findings;
    if (!isWhole || segmentRoot(segment.previousRoot, sequence, hashes) === segment.root) return;
    report.damage({
      file,
      sequence,
      what: `its events are not those of ${segment.file}, which was made of it`,
    });
  }

  async #addOpen(journal: OpenJournal, followedBy: number | undefined): Promise<void> {
    const { report, chain, anchors } = this.options;
    const { path: file, firstSequence } = journal;
    const due = this.end.headSequence + 1;
    if (firstSequence !== due && !this.#isBroken) {
      const what =
        firstSequence > due
          ? `events ${due} to ${firstSequence - 1} are missing before it: a file is missing or was cut`
          : `it begins with event ${firstSequence} again`;
      report.damage({ file, offset: 0, sequence: due, what });
    }
    if (firstSequence !== due) {
      chain.gap();
      this.end.root = undefined;
    }
    const findings = await checkJournal(journal, {
      report,
      followedBy,
      add: (link, place) => chain.add(link, place),
      gap: () => chain.gap(),
    });
    this.#noteTail(journal, findings);
    const { isWhole, hashes, nextSequence } = findings;
    this.#isBroken = !isWhole;
    const { root } = this.end;
    if (isWhole && root !== undefined) anchors.check(file, root, firstSequence, hashes);
    const isEmpty = hashes.length === 0;
    this.end = {
      headSequence: Math.max(this.end.headSequence, nextSequence - 1),
      root: isWhole && root !== undefined && !isEmpty ? segmentRoot(root, firstSequence, hashes) : root,
    };
    if (!isWhole) this.end.root = undefined;
  }

  /** What the end of the newest journal says of the last stop. */
  #noteTail(journal: OpenJournal, findings: JournalFindings): void {
    const { report, isOwned } = this.options;
    const { tornBytes, roomBytes, endOffset, isConfirmed, isWhole } = findings;
    if (tornBytes > 0) {
      const what = isOwned
        ? 'are a write in progress'
        : 'are a torn tail of which nobody was told, and will be cut off at the next start';
      report.note(`${journal.path}, offset ${endOffset}: the last ${tornBytes} bytes ${what}`);
    } else if (isWhole && !isOwned && !(isConfirmed && roomBytes === 0)) {
      const what = isConfirmed
        ? `ends in ${roomBytes} zeros, which a stop cuts off`
        : 'does not end as an idle log does';
      report.note(`${journal.path} ${what}: the service was killed, or its last blocks were taken away`);
    }
  }
}
