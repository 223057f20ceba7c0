/** What goes wrong in one life of a simulated process, by chance: nothing most of the time. */
import { integerBetween, pickOne, type Random } from '../../src/domain/seeded-random.js';
import type { DiskCall, Fault } from './simulated-disk.js';

/** How a life ends: at a call of the disk, or when nothing is under way. */
export type Ending = 'power cut' | 'kill';

type Kind = 'calm' | 'flipping reads' | 'failing reads' | 'failing writes' | 'failing syncs' | 'full';

const KINDS: readonly Kind[] = [
  'calm',
  'calm',
  'flipping reads',
  'failing reads',
  'failing writes',
  'failing syncs',
  'full',
];

/** Calls after which a life ends, at most; about as many as the longest has: of all, and of those of our own. */
const LIFE_CALLS_MAX = 1500;
const OWN_CALLS_MAX = 300;

const CALLS_BETWEEN_FLIPS = 20;

export class Weather {
  /** Faults so far, without the end of the life. */
  faults = 0;
  /** How the life ended, if it did at a call. */
  ended: Ending | undefined;
  private readonly kind: Kind;
  private readonly endAt: number;
  /** Whether only calls count that the HDF5 library has no part in: it makes most of them. */
  private readonly countsOwn: boolean;
  private readonly ending: Ending;
  private calls = 0;
  private counted = 0;
  private fullFor = 0;
  private mayFlipAt = 0;
  private isPaused = false;

  constructor(
    private readonly random: Random,
    isEnding: boolean,
  ) {
    this.kind = pickOne(random, KINDS);
    this.ending = random() < 0.6 ? 'power cut' : 'kill';
    this.countsOwn = random() < 0.5;
    // As often among the first ten calls as among the last hundreds.
    const callsMax = this.countsOwn ? OWN_CALLS_MAX : LIFE_CALLS_MAX;
    const endAt = Math.floor(Math.exp(random() * Math.log(callsMax)));
    this.endAt = isEnding ? endAt : Number.POSITIVE_INFINITY;
  }

  /** Nothing goes wrong during `action`. */
  async calm<T>(action: () => Promise<T>): Promise<T> {
    this.isPaused = true;
    try {
      return await action();
    } finally {
      this.isPaused = false;
    }
  }

  /** What happens to a call. */
  at(call: DiskCall): Fault | undefined {
    if (this.isPaused || this.ended !== undefined) return undefined;
    this.calls += 1;
    if (!call.isBlocking || !this.countsOwn) this.counted += 1;
    if (this.counted >= this.endAt) {
      this.ended = this.ending;
      return { kind: this.ending };
    }
    const fault = this.faultOf(call);
    if (fault !== undefined) this.faults += 1;
    return fault;
  }

  private faultOf({ kind, isBlocking }: DiskCall): Fault | undefined {
    // The HDF5 library makes a hundred calls where we make one.
    const rare = (chance: number): boolean => this.random() < (isBlocking ? chance / 20 : chance);
    const isWrite = kind === 'write' || kind === 'durable write';
    switch (this.kind) {
      case 'flipping reads':
        return kind === 'read' && this.calls >= this.mayFlipAt && rare(0.1) ? this.flip() : undefined;
      case 'failing reads':
        return (kind === 'read' || kind === 'open' || kind === 'look') && rare(0.05) ? EIO : undefined;
      case 'failing writes':
        return (isWrite || kind === 'entry' || kind === 'truncate') && rare(0.04) ? EIO : undefined;
      case 'failing syncs':
        return (kind === 'sync' || kind === 'durable write') && rare(0.06) ? EIO : undefined;
      case 'full':
        return isWrite || kind === 'entry' ? this.fullDisk(rare) : undefined;
      default:
        return undefined;
    }
  }

  /** The same bit does not flip twice in a row: who reads again after a doubt reads what is there. */
  private flip(): Fault {
    this.mayFlipAt = this.calls + CALLS_BETWEEN_FLIPS;
    return { kind: 'flip' };
  }

  /** Once full, a disk stays so for a while. */
  private fullDisk(rare: (chance: number) => boolean): Fault | undefined {
    if (this.fullFor === 0 && rare(0.05)) this.fullFor = integerBetween(this.random, 1, 20);
    if (this.fullFor === 0) return undefined;
    this.fullFor -= 1;
    return { kind: 'error', code: 'ENOSPC' };
  }
}

const EIO: Fault = { kind: 'error', code: 'EIO' };
