/** A count that others may wait for. */
export class Milestone {
  #count = 0;
  #waiting: { at: number; resolve: () => void }[] = [];

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ at }) => at <= this.#count);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#count);
    for (const { resolve } of reached) resolve();
  }

  /** Resolves after so many further ones. */
  further(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ at: this.#count + count, resolve }));
  }
}
