/** Follows the hash chain of every consultation over all events of a store, in order of sequence. */
import { eventTypeOfCode } from '../../domain/event-types.js';
import { LinkView, sha256Latin1 } from '../../domain/stored-event.js';
import { ConsultationEnds } from './consultation-ends.js';
import type { Damage, VerifyReport } from './verify-report.js';

/** Where a link was read. */
export type LinkPlace = Pick<Damage, 'file' | 'offset'> & { sequence: number };

export class ChainCheck {
  readonly #ends = new ConsultationEnds();
  #events = 0;
  #gaps = 0;

  constructor(private readonly report: VerifyReport) {}

  /** Events taken in. */
  get eventCount(): number {
    return this.#events;
  }

  get consultationCount(): number {
    return this.#ends.count;
  }

  /**
   * Events that nobody can read stood here, and were reported. Of each consultation the next event may
   * therefore come later than due, which is no further damage.
   */
  gap(): void {
    this.#gaps += 1;
  }

  /** Takes in the next event, reports what is wrong with it, and gives its hash (latin1). */
  add(link: Buffer, place: LinkPlace): string {
    this.#events += 1;
    const hash = sha256Latin1(link);
    const view = new LinkView(link);
    if (!view.isWellFormed) {
      this.report.damage({ ...place, what: 'the lengths in the event do not add up' });
      this.gap();
      return hash;
    }
    const entry = this.#ends.entryOf(view.consultationIdBytes);
    const fault = this.#faultOf(view, entry);
    if (fault !== undefined) {
      this.report.damage({ ...place, consultationId: view.consultationId, what: fault });
    }
    this.#ends.advance(entry, view.version, hash, this.#gaps);
    return hash;
  }

  #faultOf(view: LinkView, entry: number): string | undefined {
    if (eventTypeOfCode(view.typeCode) === undefined) {
      return `event type ${view.typeCode} is not known; a newer version may have written it`;
    }
    const dueVersion = this.#ends.version(entry) + 1;
    if (view.version === dueVersion) {
      if (this.#ends.isFollowedBy(entry, view.link)) return undefined;
      return `version ${view.version} does not follow the event before it: the hash chain is broken`;
    }
    if (view.version > dueVersion && this.#ends.gaps(entry) < this.#gaps) return undefined;
    return `it has version ${view.version} where ${dueVersion} is due`;
  }
}
