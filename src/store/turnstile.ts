/** Lets so many through at once, and has a bounded number wait for their turn. */
import { CodedError } from '../domain/errors.js';

export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly insideMax: number,
    private readonly waitingMax: number,
  ) {}

  /** Does the work when it is its turn. OVERLOADED, at once, if too many wait. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside < this.insideMax) this.inside += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inside -= 1;
      else next();
    }
  }

  /** Resolves when somebody who leaves gives up the place. */
  private turn(): Promise<void> {
    if (this.waiting.length >= this.waitingMax) {
      throw new CodedError(
        'OVERLOADED',
        'Too many reads of the past wait for their turn. Try again shortly.',
      );
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
