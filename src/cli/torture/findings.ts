/** What a run found wrong: how often each promise was broken, and the first places where. */

/** A broken promise. */
export type Fault =
  /** It was acknowledged and is not there. */
  | 'lost'
  /** It is there, and not as it was acknowledged. */
  | 'altered'
  | 'duplicated'
  | 'out_of_order'
  /** It is there and was refused, or never sent. */
  | 'uninvited'
  /** An answer, an exit or a report that is not among the documented ones. */
  | 'unexpected';

const SHOWN_MAX = 20;

export class Findings {
  readonly counts: Record<Fault, number> = {
    lost: 0,
    altered: 0,
    duplicated: 0,
    out_of_order: 0,
    uninvited: 0,
    unexpected: 0,
  };
  /** The first ones, as sentences without a full stop. */
  readonly texts: string[] = [];

  add(fault: Fault, text: string): void {
    this.counts[fault] += 1;
    if (this.texts.length < SHOWN_MAX) this.texts.push(`${fault.replaceAll('_', ' ')}: ${text}`);
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}
